"""GET /api/v1/products/{product_id}/price-overrides."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.pricing.list_price_overrides.query import MAX_PAGE, PAGE, ListPriceOverrides, PriceOverrides


@get("/api/v1/products/{product_id}/price-overrides")
async def list_price_overrides(
    product_id: UUID,
    call: Call,
    dispatch: Dispatch,
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = PAGE,
    cursor: Annotated[int, Meta(ge=1, le=2**63 - 1)] | None = None,
) -> PriceOverrides:
    """Every override that a product had, newest first, with its reason. For staff."""
    answer: PriceOverrides = await dispatch(ListPriceOverrides(product_id=product_id, limit=limit, cursor=cursor), call)
    return answer
