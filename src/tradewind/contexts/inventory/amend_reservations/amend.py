"""Amend: an order holds other goods than before, or other goods are taken out for it; whole or not at all."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from tradewind.contexts.inventory._domain.allocation import allocate
from tradewind.contexts.inventory._domain.reservation import Line, Movement, State
from tradewind.contexts.inventory._domain.stock import Stock
from tradewind.contexts.inventory._store import stock
from tradewind.contracts.inventory import (
    Amendment,
    InventoryReleased,
    InventoryReserved,
    NotEnoughStock,
    ReservationConfirmed,
    ReservationEnded,
    ReservedLine,
    Wanted,
)
from tradewind.runtime.database import Tx

HOLD_LINES: Final = """
    SELECT order_id, sku, quantity, state, expires_at FROM inventory.reservation
    WHERE order_id = ANY($1::uuid[]) ORDER BY order_id, sku FOR NO KEY UPDATE
"""
HOLD_STOCK: Final = """
    SELECT sku, product_id, on_hand, reserved, low_threshold FROM inventory.inventory_stock
    WHERE sku = ANY($1::text[]) ORDER BY sku FOR NO KEY UPDATE
"""
MORE: Final = """
    INSERT INTO inventory.reservation AS r (order_id, sku, quantity, state, expires_at)
    SELECT $1, u.sku, u.quantity, $4, $5 FROM unnest($2::text[], $3::int[]) AS u (sku, quantity)
    ON CONFLICT (order_id, sku) DO UPDATE SET quantity = r.quantity + excluded.quantity
"""
LESS: Final = """
    UPDATE inventory.reservation AS r SET quantity = r.quantity - u.quantity
    FROM unnest($2::text[], $3::int[]) AS u (sku, quantity) WHERE r.order_id = $1 AND r.sku = u.sku
"""
NONE: Final = "DELETE FROM inventory.reservation WHERE order_id = $1 AND sku = ANY($2::text[])"
TAKEN_OVER: Final = "DELETE FROM inventory.reservation WHERE order_id = $1"


async def amend(tx: Tx, wish: Amendment) -> NotEnoughStock | ReservationEnded | None:
    """None once it is done. What comes was held for the edit before, or is taken from what can be promised now.

    What was put off is written first: others of the same transaction may have touched the same stock.
    """
    await tx.flush()
    lines = await _lines(tx, [wish.order_id, wish.edit_id])
    found = {row["sku"]: stock.from_row(row) for row in await tx.all(HOLD_STOCK, sorted({*wish.more, *wish.less}))}
    own = [line for line in lines if line.order_id == wish.order_id]
    held = [line for line in lines if line.order_id == wish.edit_id]
    if {line.state for line in own} not in ({State.HELD}, {State.CONFIRMED}):
        return ReservationEnded("The order's goods are not held.")
    if any(line.state is not State.HELD for line in held):
        return ReservationEnded("What was to be added is not held any more.")
    if not held and wish.more:
        (short,) = allocate({sku: one.available for sku, one in found.items()}, [Wanted(wish.edit_id, wish.more)])
        if short is not None:
            return short
    _write(tx, wish, own, found, was_held=bool(held))
    return None


async def _lines(tx: Tx, order_ids: Sequence[UUID]) -> list[Line]:
    rows = await tx.all(HOLD_LINES, order_ids)
    return [Line(row["order_id"], row["sku"], row["quantity"], State(row["state"]), row["expires_at"]) for row in rows]


def _write(tx: Tx, wish: Amendment, own: Sequence[Line], found: Mapping[str, Stock], *, was_held: bool) -> None:
    is_out = own[0].state is State.CONFIRMED
    stock.move(tx, [*_coming(wish.more, is_out=is_out, was_held=was_held), *_going(wish.less, is_out=is_out)])
    if wish.more:
        tx.later(MORE, wish.order_id, list(wish.more), list(wish.more.values()), own[0].state.value, own[0].expires_at)
    none = [line.sku for line in own if wish.less.get(line.sku) == line.quantity]
    less = {sku: quantity for sku, quantity in wish.less.items() if sku not in none}
    tx.later(LESS, wish.order_id, list(less), list(less.values()))
    tx.later(NONE, wish.order_id, none)
    if was_held:
        tx.later(TAKEN_OVER, wish.edit_id)
    else:
        _promise(tx, wish, own[0].expires_at, found)
    if wish.more and is_out:
        tx.tell(ReservationConfirmed(order_id=wish.order_id, items=_items(wish.more)))
    if wish.less:
        tx.tell(InventoryReleased(order_id=wish.order_id, reason="the order was edited", items=_items(wish.less)))


def _promise(tx: Tx, wish: Amendment, expires_at: Any, found: Mapping[str, Stock]) -> None:
    """Tell what can be promised no more; for the edit, because the order has told its own reservation before."""
    if wish.more:
        tx.tell(InventoryReserved(order_id=wish.edit_id, items=_items(wish.more), expires_at=expires_at))
    for sku, quantity in wish.more.items():
        tx.tell(*found[sku].crossed(quantity))


def _coming(more: Mapping[str, int], *, is_out: bool, was_held: bool) -> list[Movement]:
    """Per piece: held goods of the order are reserved, those taken out have left the house."""
    return [
        Movement(sku, -quantity if is_out else 0, quantity * (not is_out) - quantity * was_held)
        for sku, quantity in more.items()
    ]


def _going(less: Mapping[str, int], *, is_out: bool) -> list[Movement]:
    return [Movement(sku, quantity if is_out else 0, 0 if is_out else -quantity) for sku, quantity in less.items()]


def _items(pieces: Mapping[str, int]) -> tuple[ReservedLine, ...]:
    return tuple(ReservedLine(sku, quantity) for sku, quantity in pieces.items())
