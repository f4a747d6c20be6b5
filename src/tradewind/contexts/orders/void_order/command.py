"""Let go of a confirmed order whose money is only held: goods, carriage and hold are given back (D6)."""

from uuid import UUID

from tradewind.contexts.orders._domain.order import Status
from tradewind.contexts.orders._domain.view import OrderView, is_over, view
from tradewind.contexts.orders._store import orders
from tradewind.contexts.orders.get_order.query import GetOrder
from tradewind.contexts.orders.place_order.saga import PLACE_ORDER
from tradewind.contexts.orders.place_order.waiting import PLACING
from tradewind.contracts.messages import Command
from tradewind.contracts.payments import PaymentsPeer
from tradewind.kernel.errors import Conflict
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import Follow, handler
from tradewind.runtime.saga import signals
from tradewind.runtime.saga.advance import Compensate

WHY = "voided by staff"


class VoidOrder(Command, frozen=True):
    """Nobody will capture what is held for this order."""

    order_id: UUID


class NotVoidable(Conflict):
    """The order is not confirmed with money that is only held; what was captured can be refunded."""


def _is_off(answer: OrderView) -> bool:
    return is_over(answer) and Status(answer.status) is not Status.CONFIRMED


@handler(action="orders.void", follow=Follow(lambda answer: GetOrder(order_id=answer.id), _is_off))
async def void_order(command: VoidOrder, tx: Tx) -> OrderView:
    """Refuses once a capture was asked for. What has left the house parks the saga: a person has to see to it."""
    missing = orders.NoSuchOrder(orderId=str(command.order_id))
    saga = await signals.find_or(tx, PLACING, command.order_id, missing)
    order = await orders.lock_one(tx, command.order_id)
    if order.status is not Status.CONFIRMED or not await tx.peer(PaymentsPeer).only_held(tx, order.id):
        raise NotVoidable(status=order.status.value)
    if not saga["undoing"]:
        await signals.mend(tx, PLACE_ORDER, order.id, Compensate(WHY))
        tx.audit("orders.void", str(order.id))
        tx.ring()
    return view(order)
