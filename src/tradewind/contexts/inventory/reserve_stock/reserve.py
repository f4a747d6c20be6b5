"""Try: hold goods for orders. The hot path: one locking read, a pure decision, the rest is written at the commit."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tradewind.contexts.inventory._domain.allocation import allocate, totals
from tradewind.contexts.inventory._domain.reservation import Movement, State
from tradewind.contexts.inventory._domain.settings import RESERVATION_TTL_S
from tradewind.contexts.inventory._domain.stock import Stock
from tradewind.contexts.inventory._store import reservations, stock
from tradewind.contracts.inventory import InventoryReserved, NotEnoughStock, ReservedLine, Wanted
from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import planted
from tradewind.runtime.telemetry import metrics

Answer = InventoryReserved | NotEnoughStock


async def reserve(tx: Tx, wanted: Sequence[Wanted]) -> list[Answer]:
    """Hold what is wanted, in order of arrival, each order wholly or not at all. The caller tells the events.

    Once in a transaction. Idempotent without a question of its own: an order that comes alone is looked up along with
    its stock; in a batch the primary key fails the commit (AlreadyExists), and whoever sends batches then sends each
    order alone.
    """
    if not wanted:
        return []
    unguarded = planted("reserve_without_guard")
    rows = await reservations.lock_stock(tx, wanted, RESERVATION_TTL_S, locking=not unguarded)
    if len(wanted) == 1 and not unguarded and (states := _states(rows)):
        return [_again(wanted[0], states, rows[0]["expires_at"])]
    found = {row["sku"]: stock.from_row(row) for row in rows}
    refusals = allocate({sku: one.available for sku, one in found.items()}, wanted)
    served = [order for order, refusal in zip(wanted, refusals, strict=True) if refusal is None]
    if len(served) < len(wanted):
        tx.on_commit.append(lambda: metrics.inventory_reservation_failures_total.inc(len(wanted) - len(served)))
    if not served:
        return [refusal for refusal in refusals if refusal]
    expires_at: datetime = rows[0]["expires_at"]
    _write(tx, served, found, expires_at, absolute=unguarded)
    return [refusal or _reserved(order, expires_at) for order, refusal in zip(wanted, refusals, strict=True)]


def _write(
    tx: Tx, served: Sequence[Wanted], found: Mapping[str, Stock], expires_at: datetime, *, absolute: bool
) -> None:
    taken = totals(served)
    if absolute:
        stock.overwrite(tx, {sku: found[sku].reserved + quantity for sku, quantity in taken.items()})
    else:
        stock.move(tx, [Movement(sku, 0, quantity) for sku, quantity in taken.items()])
    reservations.add(tx, served, expires_at)
    for sku, quantity in taken.items():
        tx.tell(*found[sku].crossed(quantity))


def _states(rows: Sequence[Any]) -> set[str]:
    return {row["state"] for row in rows if row["state"] is not None}


def _again(order: Wanted, states: set[str], expires_at: datetime) -> Answer:
    """The answer to an order that has asked before: what it holds stands; what it gave back it does not get again."""
    if states <= {State.HELD, State.CONFIRMED}:
        return _reserved(order, expires_at)
    return NotEnoughStock("The order's reservation has ended.", skus=sorted(order.quantities))


def _reserved(order: Wanted, expires_at: datetime) -> InventoryReserved:
    items = tuple(ReservedLine(sku, quantity) for sku, quantity in order.quantities.items())
    return InventoryReserved(order_id=order.order_id, items=items, expires_at=expires_at)
