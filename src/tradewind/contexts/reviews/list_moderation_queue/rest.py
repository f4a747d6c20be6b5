"""GET /api/v1/reviews."""

from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.reviews._domain.views import QueuePage
from tradewind.contexts.reviews.list_moderation_queue.query import MAX_PAGE, ListModerationQueue
from tradewind.kernel.pages import Cursor, UnfitCursor


@get("/api/v1/reviews", raises=(UnfitCursor,))
async def list_moderation_queue(
    call: Call,
    dispatch: Dispatch,
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = 20,
    cursor: Cursor | None = None,
) -> QueuePage:
    """See the reviews that wait for a moderator, the longest waiting first."""
    answer: QueuePage = await dispatch(ListModerationQueue(limit=limit, cursor=cursor), call)
    return answer
