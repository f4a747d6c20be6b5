"""GET /api/v1/notifications/{message_id}."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.notifications.show_message.query import MessageInWords, NoSuchMessage, ShowMessage


@get("/api/v1/notifications/{message_id}", raises=(NoSuchMessage,))
async def show_message(message_id: UUID, call: Call, dispatch: Dispatch) -> MessageInWords:
    """See one message in words, as its receiver reads it."""
    answer: MessageInWords = await dispatch(ShowMessage(message_id=message_id), call)
    return answer
