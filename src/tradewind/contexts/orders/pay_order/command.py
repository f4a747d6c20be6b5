"""Say how an order that waits for payment is paid; its saga goes on at once."""

from uuid import UUID

from tradewind.contexts.orders._domain.order import Status
from tradewind.contexts.orders._domain.view import OrderView, is_settled, view
from tradewind.contexts.orders._store import orders
from tradewind.contexts.orders.get_order.query import GetOrder
from tradewind.contexts.orders.place_order.paying import token_of
from tradewind.contexts.orders.place_order.waiting import PLACING
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Conflict
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import Follow, handler
from tradewind.runtime.saga import signals


class PayOrder(Command, frozen=True):
    """Pay an order. `payment_method` is the provider's token, or a saved method's name; never a card number."""

    order_id: UUID
    payment_method: str


class NotPayable(Conflict):
    """The order does not wait for a payment."""


@handler(action="orders.pay", follow=Follow(lambda answer: GetOrder(order_id=answer.id), is_settled))
async def pay_order(command: PayOrder, tx: Tx) -> OrderView:
    """The saga's row is locked before the order's, as its worker does."""
    missing = orders.NoSuchOrder(orderId=str(command.order_id))
    await signals.find_or(tx, PLACING, command.order_id, missing)
    order = await orders.lock_one(tx, command.order_id)
    if not tx.allows("orders.pay", owner=order.user_id == tx.call.actor.subject, status=order.status.value):
        raise missing
    if order.status is not Status.PENDING_PAYMENT or order.payment_method is not None:
        raise NotPayable(status=order.status.value)
    token = await token_of(tx, order.user_id, command.payment_method)
    await tx.run(orders.SET_METHOD, order.id, token)
    await signals.wake(tx, PLACING, order.id)
    tx.audit("orders.pay", str(order.id))
    tx.ring()
    return view(order)
