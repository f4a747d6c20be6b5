"""Let go of a confirmed order whose money is only held: goods, carriage and hold are given back (D6)."""

from uuid import UUID

from tradewind.contexts.orders._domain.order import Status
from tradewind.contexts.orders._domain.view import OrderView, is_over, view
from tradewind.contexts.orders._store import orders
from tradewind.contexts.orders.get_order.query import GetOrder
from tradewind.contexts.orders.place_order.saga import PLACE_ORDER
from tradewind.contexts.orders.place_order.waiting import PLACING
from tradewind.contracts.messages import Command
from tradewind.contracts.payers import Paying, PaymentsHere
from tradewind.kernel.errors import Conflict
from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import failpoint
from tradewind.runtime.handlers import Asking, Follow, handler
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


async def _only_held(command: VoidOrder, ask: Asking) -> bool | None:
    """What payments in another process says, which may be old by the time it is acted on; None where it is here.

    Somebody who has it captured meanwhile either is heard first, and the order is PAID then; or the saga undoes it, and
    lets go of what is held, or gives back what was taken.
    """
    away = ask.peer(Paying).away
    held = None if away is None else await away.only_held(command.order_id, ask.call)
    failpoint("orders.void.asked")
    return held


@handler(action="orders.void", follow=Follow(lambda answer: GetOrder(order_id=answer.id), _is_off), before=_only_held)
async def void_order(command: VoidOrder, tx: Tx, only_held: bool | None) -> OrderView:
    """Refuses once a capture was asked for. What has left the house parks the saga: a person has to see to it."""
    missing = orders.NoSuchOrder(orderId=str(command.order_id))
    saga = await signals.find_or(tx, PLACING, command.order_id, missing)
    order = await orders.lock_one(tx, command.order_id)
    if only_held is None:
        only_held = await tx.peer(PaymentsHere).only_held(tx, order.id)
    if order.status is not Status.CONFIRMED or not only_held:
        raise NotVoidable(status=order.status.value)
    if not saga["undoing"]:
        await signals.mend(tx, PLACE_ORDER, order.id, Compensate(WHY))
        tx.audit("orders.void", str(order.id))
        tx.ring()
    return view(order)
