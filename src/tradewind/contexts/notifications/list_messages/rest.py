"""GET /api/v1/notifications."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.notifications._domain.messages import Status
from tradewind.contexts.notifications._store.views import MessagePage
from tradewind.contexts.notifications.list_messages.query import MAX_PAGE, ListMessages
from tradewind.kernel.pages import Cursor, Text, UnfitCursor


@get("/api/v1/notifications", raises=(UnfitCursor,))
async def list_messages(
    call: Call,
    dispatch: Dispatch,
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = 20,
    cursor: Cursor | None = None,
    user: Annotated[Text, Meta(max_length=255)] | None = None,
    order: UUID | None = None,
    status: Status | None = None,
) -> MessagePage:
    """See what was written to people, or is owed to them, the newest first; of one user, order or status too."""
    command = ListMessages(limit=limit, cursor=cursor, user_id=user, order_id=order, status=status)
    answer: MessagePage = await dispatch(command, call)
    return answer
