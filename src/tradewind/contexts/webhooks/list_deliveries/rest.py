"""GET /api/v1/webhook-subscriptions/{subscription_id}/deliveries."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.webhooks._domain.subscription import NoSuchSubscription
from tradewind.contexts.webhooks.list_deliveries.query import MAX_PAGE, DeliveryPage, ListDeliveries
from tradewind.kernel.pages import Cursor, UnfitCursor


@get("/api/v1/webhook-subscriptions/{subscription_id}/deliveries", raises=(NoSuchSubscription, UnfitCursor))
async def list_deliveries(
    subscription_id: UUID,
    call: Call,
    dispatch: Dispatch,
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = 20,
    cursor: Cursor | None = None,
) -> DeliveryPage:
    """See what was sent, in order, with every attempt and what became of it."""
    command = ListDeliveries(subscription_id=subscription_id, limit=limit, cursor=cursor)
    answer: DeliveryPage = await dispatch(command, call)
    return answer
