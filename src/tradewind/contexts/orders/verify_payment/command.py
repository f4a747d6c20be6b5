"""The buyer is back from the provider's page: the saga asks the provider, for what the buyer says counts nothing."""

from uuid import UUID

from tradewind.contexts.orders._domain.order import Order
from tradewind.contexts.orders._domain.view import OrderView, is_over, view
from tradewind.contexts.orders._store import orders
from tradewind.contexts.orders.get_order.query import GetOrder
from tradewind.contexts.orders.place_order.waiting import PLACING
from tradewind.contracts.messages import Command
from tradewind.contracts.payers import Paying, PaymentsHere
from tradewind.kernel.cards import CardNumberRefused, holds_card_number
from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import failpoint
from tradewind.runtime.handlers import Asking, Follow, handler, query
from tradewind.runtime.saga import signals


class VerifyPayment(Command, frozen=True):
    """Look whether the payment of an order has been confirmed."""

    order_id: UUID
    proof: str | None = None
    """What the provider gave the buyer's browser to bring back, where it gave something."""


class MayVerify(Command, frozen=True):
    """Whether one may say so of this order."""

    order_id: UUID


@query(action="orders.pay")
async def may_verify(command: MayVerify, tx: Tx) -> None:
    """Refuses with NoSuchOrder."""
    _let_in(tx, await orders.read(tx, command.order_id))


def _let_in(tx: Tx, order: Order) -> None:
    if not tx.allows("orders.pay", owner=order.user_id == tx.call.actor.subject, status=order.status.value):
        raise orders.NoSuchOrder(orderId=str(order.id))


async def _tell(command: VerifyPayment, ask: Asking) -> bool:
    """Payments in another process hears of it first, from those alone who may say so; whether it is one.

    Whoever dies before the saga is woken has it said again, or the saga looks by itself a little later.
    """
    away = ask.peer(Paying).away
    if away is None:
        return False
    await ask(MayVerify(order_id=command.order_id))
    if command.proof is not None and holds_card_number(command.proof):
        raise CardNumberRefused
    await away.verify(command.order_id, command.proof, ask.call)
    failpoint("orders.verify.told")
    return True


@handler(action="orders.pay", follow=Follow(lambda answer: GetOrder(order_id=answer.id), is_over), before=_tell)
async def verify_payment(command: VerifyPayment, tx: Tx, told: bool) -> OrderView:
    """Never an error for an order that waits for nothing: it may have been settled in the meantime."""
    missing = orders.NoSuchOrder(orderId=str(command.order_id))
    await signals.find_or(tx, PLACING, command.order_id, missing)
    order = await orders.lock_one(tx, command.order_id)
    _let_in(tx, order)
    if told:
        await signals.hint(tx, PLACING, [order.id])
    else:
        await _hint(tx, command)
        await signals.wake_waiting(tx, PLACING, [order.id])
    tx.ring()
    return view(order)


async def _hint(tx: Tx, command: VerifyPayment) -> None:
    here = tx.peer(PaymentsHere)
    if command.proof is not None:
        await here.prove(tx, command.order_id, command.proof)
    await here.hint(tx, [command.order_id])
