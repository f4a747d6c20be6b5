"""Orders that wait for what came back of others: which do, and that they need not wait any longer.

Sagas are held before orders, as their worker does; several in the order of their ids.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from tradewind.contexts.orders._domain.order import PENDING, Order
from tradewind.contexts.orders._store import orders
from tradewind.contexts.orders.place_order.exchange import PLACE_EXCHANGE
from tradewind.contexts.orders.place_order.paying import as_before
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx
from tradewind.runtime.saga import signals
from tradewind.runtime.saga.advance import Phase

PAY_AS: Final = """
    UPDATE orders.orders AS o SET payment_method = u.method FROM unnest($1::uuid[], $2::text[]) AS u (id, method)
    WHERE o.id = u.id
"""


async def awaiting(tx: Tx, order_ids: Sequence[UUID]) -> Mapping[UUID, Money]:
    """Those that wait and are not called off: what they come to. Nobody edits an order that waits."""
    carried = await signals.hold(tx, [PLACE_EXCHANGE], order_ids)
    found = await orders.lock(tx, carried)
    return {one.id: one.total for one in found.values() if _waits(one) and _goes_on(carried[one.id])}


async def credited(tx: Tx, replaced: Mapping[UUID, UUID]) -> None:
    """Their sagas authorize the rest of each, by what paid for the order that it is for."""
    carried = await signals.hold(tx, [PLACE_EXCHANGE], list(replaced))
    found = await orders.lock(tx, carried)
    ready = [one.id for one in found.values() if _waits(one)]
    paid_by = await orders.methods(tx, [replaced[order_id] for order_id in ready])
    methods = [as_before(replaced[order_id], paid_by[replaced[order_id]]) for order_id in ready]
    await tx.run(PAY_AS, ready, methods)
    await signals.wake_waiting(tx, [PLACE_EXCHANGE], ready)
    tx.ring()


def _waits(order: Order) -> bool:
    return order.status in PENDING and order.payment_method is None


def _goes_on(carried: Any) -> bool:
    return carried["phase"] == Phase.STARTED and carried["cancel"] is None
