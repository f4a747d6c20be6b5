"""PATCH /api/v1/orders/{order_id}."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.address import Address
from tradewind.api.postal import InvalidAddress
from tradewind.api.rest import Body, Call, Dispatch, IfMatch, patch
from tradewind.contexts.orders._domain.edit import EditUnderWay, MethodMissing, NotEditable, UnfitEdit
from tradewind.contexts.orders._domain.view import OrderView
from tradewind.contexts.orders._store.orders import NoSuchOrder
from tradewind.contexts.orders.edit_order.command import EditOrder, Quantity
from tradewind.contexts.orders.place_order.paying import UnknownPaymentMethod
from tradewind.contracts.inventory import NotEnoughStock, ReservationEnded
from tradewind.contracts.orders import MAX_LINES, MAX_QUANTITY, UnfitCurrency, UnknownProduct
from tradewind.contracts.pricing import NoSuchPrice
from tradewind.kernel.cards import CardNumberRefused


class ChangedLine(Body, frozen=True):
    """So many pieces of one product from now on; 0 takes it out."""

    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    qty: Annotated[int, Meta(ge=0, le=MAX_QUANTITY)]


class OrderPatch(Body, frozen=True):
    """What is to be otherwise; products that are not named stay as they are. `paymentMethod` is for the difference."""

    items: Annotated[tuple[ChangedLine, ...], Meta(max_length=MAX_LINES)] = ()
    shipping_address: Address | None = None
    payment_method: Annotated[str, Meta(min_length=1, max_length=100)] | None = None


@patch(
    "/api/v1/orders/{order_id}",
    status=202,
    waits=True,
    raises=(
        NoSuchOrder, NotEditable, EditUnderWay, UnfitEdit, MethodMissing, NotEnoughStock, ReservationEnded,
        UnknownProduct, UnfitCurrency, NoSuchPrice, InvalidAddress, UnknownPaymentMethod, CardNumberRefused,
    ),
)  # fmt: skip
async def edit_order(order_id: UUID, body: OrderPatch, if_match: IfMatch, call: Call, dispatch: Dispatch) -> OrderView:
    """Change an order of yours before it leaves the house: what is in it, or where it goes.

    The shop prices it again: what stays keeps its price. What it costs less goes back; what it costs more is asked for
    first, and where that is declined the order stays as it was. `edit` says how far that has come.
    """
    command = EditOrder(
        order_id=order_id,
        expected=if_match,
        items=tuple(Quantity(line.sku, line.qty) for line in body.items),
        shipping_address=body.shipping_address.place() if body.shipping_address else None,
        payment_method=body.payment_method,
    )
    answer: OrderView = await dispatch(command, call)
    return answer
