"""GET /api/v1/products/{product_id}/price-history."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.pricing._domain.price import NoSuchPrice
from tradewind.contexts.pricing.get_price_history.query import MAX_PAGE, PAGE, GetPriceHistory, PriceHistory


@get("/api/v1/products/{product_id}/price-history", raises=(NoSuchPrice,))
async def get_price_history(
    product_id: UUID,
    call: Call,
    dispatch: Dispatch,
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = PAGE,
    cursor: Annotated[int, Meta(ge=1, le=2**63 - 1)] | None = None,
) -> PriceHistory:
    """Every price that a product had, newest first, with its reason. For staff."""
    command = GetPriceHistory(product_id=product_id, limit=limit, cursor=cursor)
    answer: PriceHistory = await dispatch(command, call)
    return answer
