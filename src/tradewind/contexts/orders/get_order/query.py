"""One order with its history, for those who may see it."""

from typing import Final
from uuid import UUID

from msgspec import structs

from tradewind.contexts.orders._domain.order import PENDING, Status
from tradewind.contexts.orders._domain.view import OrderView, Step, view
from tradewind.contexts.orders._projections import product_prices
from tradewind.contexts.orders._store import cancel_words, edits, next_actions, orders
from tradewind.contracts.inventory import BackordersPeer
from tradewind.contracts.messages import Command
from tradewind.contracts.orders import NextAction
from tradewind.contracts.payers import Paying, PaymentsHere
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

WAITING: Final = frozenset((Status.PENDING_RESERVATION, Status.PENDING_PAYMENT))
"""For its goods, or its buyer: long enough for prices to change. The others are over in a moment."""


class GetOrder(Command, frozen=True):
    """See an order."""

    order_id: UUID


@query(action="orders.get")
async def get_order(command: GetOrder, tx: Tx) -> OrderView:
    """Somebody else's order looks like none at all."""
    order = await orders.read(tx, command.order_id)
    if not tx.allows("orders.get", owner=order.user_id == tx.call.actor.subject, status=order.status.value):
        raise orders.NoSuchOrder(orderId=str(command.order_id))
    rows = await tx.all(orders.HISTORY, order.id)
    steps = tuple(Step(status=r["status"], event=r["event"], at=r["at"], why=r["why"]) for r in rows)
    if order.status is Status.CANCELED:
        order = structs.replace(order, why=await cancel_words.of(tx, order.id) or order.why)
    edit = await edits.newest(tx, order.id)
    seen = view(order, steps, edits.view(edit) if edit else None)
    if order.status in WAITING:
        seen = structs.replace(seen, kept_prices=await product_prices.kept(tx, order))
    if order.status is Status.PENDING_RESERVATION:
        return structs.replace(seen, backorder=await tx.peer(BackordersPeer).awaited(tx, order.id))
    if order.status in PENDING and order.payment_method is not None:
        url = await _next_action(tx, order.id)
        return structs.replace(seen, next_action=NextAction(url=url) if url else None)
    return seen


async def _next_action(tx: Tx, order_id: UUID) -> str | None:
    if tx.peer(Paying).away is not None:
        return await next_actions.of(tx, order_id)
    return (await tx.peer(PaymentsHere).next_actions(tx, [order_id])).get(order_id)
