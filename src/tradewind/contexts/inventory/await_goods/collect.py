"""Collect what an order waited for, or give its places up. Its places are held first, in the order of their queues."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias
from uuid import UUID

from tradewind.contexts.inventory._domain.reservation import State, levels_of, reserved_line
from tradewind.contexts.inventory._domain.stock import Stock
from tradewind.contexts.inventory._store import backorders, stock
from tradewind.contexts.inventory._store.backorders import Place, Status
from tradewind.contexts.inventory.release_reservations.release import release
from tradewind.contexts.inventory.serve_backorders.timer import HELD_S
from tradewind.contracts.inventory import (
    AwaitedLine,
    BackorderGivenUp,
    InventoryReserved,
    ReservationEnded,
    StillAwaited,
)
from tradewind.runtime.database import Tx

HOLD_LINES: Final = """
    SELECT order_id, line, sku, quantity, state, warehouse, bundle, now() + make_interval(secs => $2) AS expires_at
    FROM inventory.reservation WHERE order_id = ANY($1::uuid[]) ORDER BY order_id, line FOR NO KEY UPDATE
"""
HAND_OVER: Final = """
    UPDATE inventory.reservation AS r SET order_id = u.new_order, line = u.new_line, expires_at = $5
    FROM unnest($1::uuid[], $2::smallint[], $3::uuid[], $4::smallint[]) AS u (order_id, line, new_order, new_line)
    WHERE r.order_id = u.order_id AND r.line = u.line
"""
Collected: TypeAlias = InventoryReserved | StillAwaited | ReservationEnded
_LIVE: Final = frozenset((Status.WAITING, Status.RESERVED))


async def collect(tx: Tx, order_ids: Sequence[UUID]) -> Mapping[UUID, Collected]:
    """For each order what it holds now, all of it, for HELD_S seconds; or how long it may wait; or that it is over."""
    places = _by_order(await backorders.hold_orders(tx, order_ids))
    ready = [order for order, own in places.items() if all(one.status is Status.RESERVED for one in own)]
    answers: dict[UUID, Collected] = {order: _not_yet(places.get(order, [])) for order in order_ids}
    rows = (
        await tx.all(HOLD_LINES, [one.id for order in ready for one in places[order]], float(HELD_S)) if ready else []
    )
    found = await stock.look(tx, sorted({row["sku"] for row in rows})) if rows else {}
    for order in ready:
        answers[order] = await _hand_over(tx, order, places[order], rows, found)
    return answers


def _not_yet(own: Sequence[Place]) -> StillAwaited | ReservationEnded:
    if not own or not all(one.status in _LIVE for one in own):
        return ReservationEnded("The order waits for nothing any more.")
    return StillAwaited(max(0.0, *(one.left_s for one in own)))


async def _hand_over(
    tx: Tx, order_id: UUID, places: Sequence[Place], rows: Sequence[Any], found: Mapping[str, Stock]
) -> InventoryReserved | ReservationEnded:
    ids = {place.id for place in places}
    lines = [row for row in rows if row["order_id"] in ids]
    if {row["order_id"] for row in lines} != ids or any(row["state"] != State.HELD for row in lines):
        return ReservationEnded("What was kept for the order is not held any more.")
    numbers = list(range(len(lines)))
    await tx.run(HAND_OVER, [row["order_id"] for row in lines], [row["line"] for row in lines],
                 [order_id] * len(lines), numbers, lines[0]["expires_at"])  # fmt: skip
    await backorders.mark(tx, sorted(ids), Status.TAKEN)
    items = tuple(reserved_line(row["sku"], row["quantity"], row["warehouse"], row["bundle"]) for row in lines)
    levels = levels_of(items, {sku: one.level(moved=False) for sku, one in found.items()})
    return InventoryReserved(order_id=order_id, items=items, expires_at=lines[0]["expires_at"], levels=levels)


async def give_up(tx: Tx, order_ids: Sequence[UUID], reason: str) -> None:
    """These orders wait no more, and what is kept for them is free again; what an order has taken it keeps."""
    live = [one for one in await backorders.hold_orders(tx, order_ids) if one.status in _LIVE]
    if not live:
        return
    await release(tx, [one.id for one in live if one.status is Status.RESERVED], reason)
    await tx.flush()
    pieces: dict[str, int] = {}
    for one in live:
        if one.status is Status.WAITING:
            pieces[one.sku] = pieces.get(one.sku, 0) - one.quantity
    await stock.hold(tx, sorted(pieces))
    await stock.queued(tx, pieces)
    await backorders.mark(tx, [one.id for one in live], Status.CANCELED)
    for order, own in _by_order(live).items():
        items = tuple(AwaitedLine(one.sku, one.quantity) for one in own)
        tx.tell(BackorderGivenUp(order_id=order, items=items, reason=reason))


def _by_order(places: Sequence[Place]) -> dict[UUID, list[Place]]:
    found: dict[UUID, list[Place]] = {}
    for one in places:
        found.setdefault(one.order_id, []).append(one)
    return found
