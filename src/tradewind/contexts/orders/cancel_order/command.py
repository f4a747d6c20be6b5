"""Call an order off. Once this is accepted the order is never confirmed; its saga undoes what was done."""

from uuid import UUID

from tradewind.contexts.orders._domain.order import Status
from tradewind.contexts.orders._domain.view import OrderView, view
from tradewind.contexts.orders._store import cancel_words, orders
from tradewind.contexts.orders.get_order.query import GetOrder
from tradewind.contexts.orders.place_order.saga import PLACE_ORDER
from tradewind.contexts.orders.place_order.waiting import PLACING
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Conflict
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import Follow, handler
from tradewind.runtime.saga import signals


class CancelOrder(Command, frozen=True):
    """Nobody wants it any more. `reason` is what whoever calls it off says; it is shown, and told to nobody else."""

    order_id: UUID
    reason: str | None = None


class NotCancelable(Conflict):
    """It is too late: the order is confirmed, or over already."""


_OVER = frozenset((Status.CANCELED.value, Status.FAILED.value))


@handler(
    action="orders.cancel",
    follow=Follow(lambda answer: GetOrder(order_id=answer.id), lambda answer: answer.status in _OVER),
)
async def cancel_order(command: CancelOrder, tx: Tx) -> OrderView:
    """S0-95: the policy says who may and while what; somebody else's order looks like none at all."""
    missing = orders.NoSuchOrder(orderId=str(command.order_id))
    await signals.find_or(tx, PLACING, command.order_id, missing)
    order = await orders.lock_one(tx, command.order_id)
    owner = order.user_id == tx.call.actor.subject
    if not tx.allows("orders.get", owner=owner, status=order.status.value):
        raise missing
    allowed = tx.allows("orders.cancel", owner=owner, status=order.status.value)
    why = "canceled by the customer" if owner else "canceled by staff"
    if not allowed or not await signals.cancel(tx, PLACE_ORDER, order.id, why):
        raise NotCancelable(status=order.status.value)
    if command.reason is not None:
        cancel_words.keep(tx, order.id, command.reason)
    tx.audit("orders.cancel", str(order.id))
    tx.ring()
    return view(order)
