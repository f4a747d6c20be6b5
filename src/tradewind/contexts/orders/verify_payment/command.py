"""The buyer is back from the provider's page: the saga asks the provider, for what the buyer says counts nothing."""

from uuid import UUID

from tradewind.contexts.orders._domain.view import OrderView, is_over, view
from tradewind.contexts.orders._store import orders
from tradewind.contexts.orders.get_order.query import GetOrder
from tradewind.contexts.orders.place_order.waiting import PLACING
from tradewind.contracts.messages import Command
from tradewind.contracts.payments import PaymentsPeer
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import Follow, handler
from tradewind.runtime.saga import signals


class VerifyPayment(Command, frozen=True):
    """Look whether the payment of an order has been confirmed."""

    order_id: UUID
    proof: str | None = None
    """What the provider gave the buyer's browser to bring back, where it gave something."""


@handler(action="orders.pay", follow=Follow(lambda answer: GetOrder(order_id=answer.id), is_over))
async def verify_payment(command: VerifyPayment, tx: Tx) -> OrderView:
    """Never an error for an order that waits for nothing: it may have been settled in the meantime."""
    missing = orders.NoSuchOrder(orderId=str(command.order_id))
    await signals.find_or(tx, PLACING, command.order_id, missing)
    order = await orders.lock_one(tx, command.order_id)
    if not tx.allows("orders.pay", owner=order.user_id == tx.call.actor.subject, status=order.status.value):
        raise missing
    if command.proof is not None:
        await tx.peer(PaymentsPeer).prove(tx, order.id, command.proof)
    await tx.peer(PaymentsPeer).hint(tx, [order.id])
    await signals.wake_waiting(tx, PLACING, [order.id])
    tx.ring()
    return view(order)
