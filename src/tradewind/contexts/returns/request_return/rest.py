"""POST /api/v1/orders/{order_id}/returns."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.returns._domain.returned import NotReturnable, Reason, ReturnTooLarge
from tradewind.contexts.returns._domain.views import ReturnView
from tradewind.contexts.returns.request_return.command import (
    MAX_LINES,
    NoSuchOrder,
    RequestReturn,
    UnfitExchange,
    Wanted,
)


class ReturnLine(Body, frozen=True):
    """So many of one SKU."""

    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    qty: Annotated[int, Meta(ge=1, le=100_000)]


class NewReturn(Body, frozen=True):
    """What comes back, and why. `exchange`: what they would rather have than their money, as many pieces or fewer."""

    lines: Annotated[list[ReturnLine], Meta(min_length=1, max_length=MAX_LINES)]
    reason: Reason
    exchange: Annotated[tuple[ReturnLine, ...], Meta(max_length=MAX_LINES)] = ()


@post(
    "/api/v1/orders/{order_id}/returns", status=201, raises=(NoSuchOrder, NotReturnable, ReturnTooLarge, UnfitExchange)
)
async def request_return(order_id: UUID, body: NewReturn, call: Call, dispatch: Dispatch) -> ReturnView:
    """Ask to give some of an order of yours back, up to 30 days after it came, for money or in exchange.

    What goes out in exchange is an order of its own: what you had costs what it cost you, and what comes back is paid
    back. Where it cannot be had any more, you have your money.
    """
    lines = tuple(Wanted(line.sku, line.qty) for line in body.lines)
    exchange = tuple(Wanted(line.sku, line.qty) for line in body.exchange)
    command = RequestReturn(order_id=order_id, lines=lines, reason=body.reason, exchange=exchange)
    answer: ReturnView = await dispatch(command, call)
    return answer
