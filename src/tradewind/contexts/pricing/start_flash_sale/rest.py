"""POST /api/v1/flash-sales."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.pricing._domain.flash_sale import MAX_PIECES, FlashSaleOverlaps, InvalidFlashSale
from tradewind.contexts.pricing._domain.flash_sale_view import FlashSaleView
from tradewind.contexts.pricing._domain.price import NoSuchPrice
from tradewind.contexts.pricing.start_flash_sale.command import StartFlashSale

Moment = Annotated[datetime, Meta(tz=True)]
Pieces = Annotated[int, Meta(ge=1, le=MAX_PIECES)]


class SalePrice(Body, frozen=True):
    """An exact decimal amount, in the currency of the usual price."""

    amount: Decimal
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]


class NewFlashSale(Body, frozen=True):
    """What is sold at which price, how many pieces, how many for one buyer (all where not said), from when until when.

    `price` is an exact decimal amount in the currency of the usual price, with or without its name. Without `startsAt`
    it starts now.
    """

    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    price: Decimal | SalePrice
    quantity: Pieces
    ends_at: Moment
    per_buyer: Pieces | None = None
    starts_at: Moment | None = None


@post("/api/v1/flash-sales", status=201, raises=(InvalidFlashSale, NoSuchPrice, FlashSaleOverlaps))
async def start_flash_sale(body: NewFlashSale, call: Call, dispatch: Dispatch) -> FlashSaleView:
    """Plan a flash sale: it starts and ends by itself. For merchandisers."""
    command = StartFlashSale(
        sku=body.sku,
        price=body.price.amount if isinstance(body.price, SalePrice) else body.price,
        currency=body.price.currency if isinstance(body.price, SalePrice) else None,
        quantity=body.quantity,
        per_buyer=body.per_buyer or body.quantity,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
    )
    answer: FlashSaleView = await dispatch(command, call)
    return answer
