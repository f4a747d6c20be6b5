"""GET /api/v1/webhook-subscriptions."""

from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.webhooks.list_subscriptions.query import MAX_PAGE, ListSubscriptions, SubscriptionPage
from tradewind.kernel.pages import Cursor, UnfitCursor


@get("/api/v1/webhook-subscriptions", raises=(UnfitCursor,))
async def list_subscriptions(
    call: Call,
    dispatch: Dispatch,
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = 20,
    cursor: Cursor | None = None,
) -> SubscriptionPage:
    """See every subscription, the oldest first."""
    answer: SubscriptionPage = await dispatch(ListSubscriptions(limit=limit, cursor=cursor), call)
    return answer
