"""PUT /api/v1/products/{product_id}/price."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, put
from tradewind.contexts.pricing._domain.price import MAX_REASON, InvalidPrice, NoSuchPrice
from tradewind.contexts.pricing.set_price.command import PriceSet, SetPrice


class NewPrice(Body, frozen=True):
    """An exact decimal amount above zero, and why."""

    amount: Decimal
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    reason: Annotated[str, Meta(min_length=1, max_length=MAX_REASON)]


@put("/api/v1/products/{product_id}/price", raises=(InvalidPrice, NoSuchPrice))
async def set_price(product_id: UUID, body: NewPrice, call: Call, dispatch: Dispatch) -> PriceSet:
    """Set the price that counts from now on. Orders that are placed already keep theirs."""
    command = SetPrice(product_id=product_id, amount=body.amount, currency=body.currency, reason=body.reason)
    answer: PriceSet = await dispatch(command, call)
    return answer
