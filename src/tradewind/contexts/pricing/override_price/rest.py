"""PUT /api/v1/products/{product_id}/price-override."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, put
from tradewind.contexts.pricing._domain.price import MAX_REASON, InvalidPrice, NoSuchPrice
from tradewind.contexts.pricing.override_price.command import OverridePrice, PriceOverride


class NewOverride(Body, frozen=True):
    """An exact decimal amount above zero, why, and until when (open where nothing is said)."""

    amount: Decimal
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    reason: Annotated[str, Meta(min_length=1, max_length=MAX_REASON)]
    until: Annotated[datetime, Meta(tz=True)] | None = None


@put("/api/v1/products/{product_id}/price-override", raises=(InvalidPrice, NoSuchPrice))
async def override_price(product_id: UUID, body: NewOverride, call: Call, dispatch: Dispatch) -> PriceOverride:
    """Put one price above a product's list price and price books. For administrators; every use is audited.

    Answers at once: 503 where the product's prices are being changed at this moment, and nothing is tried again.
    """
    command = OverridePrice(
        product_id=product_id, amount=body.amount, currency=body.currency, reason=body.reason, until=body.until
    )
    answer: PriceOverride = await dispatch(command, call)
    return answer
