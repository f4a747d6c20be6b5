"""DELETE /api/v1/products/{product_id}/price-override."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, delete
from tradewind.contexts.pricing._domain.price import NoSuchPrice
from tradewind.contexts.pricing.end_price_override.command import EndPriceOverride


@delete("/api/v1/products/{product_id}/price-override", raises=(NoSuchPrice,))
async def end_price_override(
    product_id: UUID,
    call: Call,
    dispatch: Dispatch,
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] | None = None,
) -> None:
    """Let a product's usual prices count again. For administrators."""
    await dispatch(EndPriceOverride(product_id=product_id, currency=currency), call)
