"""Try: hold goods for orders. The hot path: one locking read, a pure decision, the rest is written at the commit.

Where goods lie in several warehouses, one more read tells which of them comes first.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, TypeAlias
from uuid import UUID

from tradewind.contexts.inventory._domain.allocation import Pick, Rank, allocate, totals
from tradewind.contexts.inventory._domain.bundle import Bundles
from tradewind.contexts.inventory._domain.reservation import Levels, Movement, State, levels_of, reserved_line
from tradewind.contexts.inventory._domain.settings import ALLOCATION, RESERVATION_TTL_S
from tradewind.contexts.inventory._domain.stock import Stock
from tradewind.contexts.inventory._domain.strategies import STRATEGIES
from tradewind.contexts.inventory._store import reservations, stock, warehouses
from tradewind.contracts.inventory import InventoryReserved, NotEnoughStock, Wanted
from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import planted
from tradewind.runtime.telemetry import metrics

Answer: TypeAlias = InventoryReserved | NotEnoughStock


async def reserve(
    tx: Tx, wanted: Sequence[Wanted], *, ttls_s: Mapping[UUID, int] = MappingProxyType({}), queued: bool = False
) -> list[Answer]:
    """Hold what is wanted, in order of arrival, each order wholly or not at all. The caller tells the events.

    Once in a transaction. Idempotent without a question of its own: an order that comes alone is looked up along with
    its stock; in a batch the primary key fails the commit (AlreadyExists), and whoever sends batches then sends each
    order alone. `ttls_s`: how long an order's goods are held, RESERVATION_TTL_S where nothing is said. `queued`: they
    have waited for it; whoever has not gets nothing of what the queue wants.
    """
    if not wanted:
        return []
    unguarded = planted("reserve_without_guard")
    rows = await reservations.lock_stock(tx, wanted, locking=not unguarded)
    if len(wanted) == 1 and not unguarded and rows and rows[0]["state"] is not None:
        return [await _again(tx, wanted[0], stock.from_rows(row for row in rows if row["bundle"] is None))]
    found = stock.from_rows(row for row in rows if row["bundle"] is None)
    shelves = {sku: each.shelved if queued else each.offered for sku, each in found.items()}
    answers = allocate(shelves, wanted, await _ranking(tx, found), _bundles(rows))
    served = [(order.order_id, picks) for order, picks in zip(wanted, answers, strict=True) if isinstance(picks, list)]
    if len(served) < len(wanted):
        tx.on_commit.append(lambda: metrics.inventory_reservation_failures_total.inc(len(wanted) - len(served)))
    if not served:
        return [answer for answer in answers if isinstance(answer, NotEnoughStock)]
    at: datetime = rows[0]["at"]
    ends = {id_: at + timedelta(seconds=ttls_s.get(id_, RESERVATION_TTL_S)) for id_, _ in served}
    after = _write(tx, [picks for _, picks in served], found, absolute=unguarded)
    reservations.add(tx, served, ends)
    return [
        _reserved(order, picks, ends[order.order_id], after) if isinstance(picks, list) else picks
        for order, picks in zip(wanted, answers, strict=True)
    ]


def _bundles(rows: Sequence[Any]) -> Bundles:
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        if row["bundle"] is not None:
            found.setdefault(row["bundle"], {})[row["sku"]] = row["on_hand"]
    return found


async def _ranking(tx: Tx, found: Mapping[str, Stock]) -> Rank:
    """How warehouses are ranked; where each SKU lies in one alone, nobody is asked."""
    several = any(len(one.shelves) > 1 for one in found.values())
    return STRATEGIES[ALLOCATION](await warehouses.every(tx) if several else [])


def _write(tx: Tx, served: Sequence[Sequence[Pick]], found: Mapping[str, Stock], *, absolute: bool) -> Levels:
    """Write what all of them take; what there is of each SKU then."""
    taken = totals(served)
    if absolute:
        stock.overwrite(tx, {(s, p): found[s].shelves[p].reserved + quantity for (s, p), quantity in taken.items()})
    else:
        stock.move(tx, [Movement(sku, 0, quantity, place) for (sku, place), quantity in taken.items()])
    pieces: dict[str, int] = {}
    for (sku, _), quantity in taken.items():
        pieces[sku] = pieces.get(sku, 0) + quantity
    for sku, quantity in pieces.items():
        tx.tell(*found[sku].crossed(quantity))
    return {sku: found[sku].level(quantity) for sku, quantity in pieces.items()}


async def _again(tx: Tx, order: Wanted, found: Mapping[str, Stock]) -> Answer:
    """The answer to an order that has asked before: what it holds stands; what it gave back it does not get again."""
    lines = await reservations.of_order(tx, order.order_id)
    if {line.state for line in lines} <= {State.HELD, State.CONFIRMED}:
        items = tuple(reserved_line(line.sku, line.quantity, line.warehouse, line.bundle) for line in lines)
        levels = levels_of(items, {sku: one.level(moved=False) for sku, one in found.items()})
        return InventoryReserved(order_id=order.order_id, items=items, expires_at=lines[0].expires_at, levels=levels)
    return NotEnoughStock("The order's reservation has ended.", skus=sorted(order.quantities))


def _reserved(order: Wanted, picks: Sequence[Pick], expires_at: datetime, after: Levels) -> InventoryReserved:
    items = tuple(reserved_line(pick.sku, pick.quantity, pick.warehouse, pick.bundle) for pick in picks)
    levels = levels_of(items, after)
    return InventoryReserved(order_id=order.order_id, items=items, expires_at=expires_at, levels=levels)
