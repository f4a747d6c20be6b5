"""GET /api/v1/notifications."""

from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.notifications._store.views import MessagePage
from tradewind.contexts.notifications.list_messages.query import MAX_PAGE, ListMessages
from tradewind.kernel.pages import Cursor, UnfitCursor


@get("/api/v1/notifications", raises=(UnfitCursor,))
async def list_messages(
    call: Call,
    dispatch: Dispatch,
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = 20,
    cursor: Cursor | None = None,
) -> MessagePage:
    """See what was written to people, or is owed to them, the newest first."""
    answer: MessagePage = await dispatch(ListMessages(limit=limit, cursor=cursor), call)
    return answer
