"""Amend: an order holds other goods than before, or other goods are taken out for it; whole or not at all.

What comes is held for the edit first, as for any order; then the order takes those lines over. What goes is cut from
the order's own lines. Each line moves the stock by the arrow that it follows.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from tradewind.contexts.inventory._domain.reservation import Line, State, movements
from tradewind.contexts.inventory._store import stock
from tradewind.contexts.inventory.reserve_stock.reserve import reserve
from tradewind.contracts.inventory import (
    Amendment,
    InventoryReleased,
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
HOLD_STOCK: Final = "SELECT FROM inventory.inventory_stock WHERE sku = ANY($1::text[]) ORDER BY sku FOR NO KEY UPDATE"
TAKE: Final = """
    INSERT INTO inventory.reservation AS r (order_id, sku, quantity, state, expires_at)
    SELECT $1, u.sku, u.quantity, $4, $5 FROM unnest($2::text[], $3::int[]) AS u (sku, quantity)
    ON CONFLICT (order_id, sku) DO UPDATE SET quantity = r.quantity + excluded.quantity
"""
TAKEN: Final = "DELETE FROM inventory.reservation WHERE order_id = $1"
CUT: Final = """
    UPDATE inventory.reservation AS r SET quantity = r.quantity - u.quantity
    FROM unnest($2::text[], $3::int[]) AS u (sku, quantity) WHERE r.order_id = $1 AND r.sku = u.sku
"""
DROP: Final = "DELETE FROM inventory.reservation WHERE order_id = $1 AND sku = ANY($2::text[])"


async def amend(tx: Tx, wish: Amendment) -> NotEnoughStock | ReservationEnded | None:
    """None once it is done. What was put off is written first: others may have touched the same stock."""
    await tx.flush()
    own, held = await _hold(tx, wish)
    if {line.state for line in own} not in ({State.HELD}, {State.CONFIRMED}):
        return ReservationEnded("The order's goods are not held.")
    if wish.more and not held:
        (answer,) = await reserve(tx, [Wanted(wish.edit_id, wish.more)])
        if isinstance(answer, NotEnoughStock):
            return answer
        tx.tell(answer)
        await tx.flush()
        own, held = await _hold(tx, wish)
    if any(line.state is not State.HELD for line in held):
        return ReservationEnded("What was to be added is not held any more.")
    _write(tx, wish, own, held)
    return None


async def _hold(tx: Tx, wish: Amendment) -> tuple[list[Line], list[Line]]:
    """The lines of the order and those of the edit, and the stock of what changes, held."""
    rows = await tx.all(HOLD_LINES, [wish.order_id, wish.edit_id])
    await tx.all(HOLD_STOCK, sorted({*wish.more, *wish.less}))
    lines = [Line(row["order_id"], row["sku"], row["quantity"], State(row["state"]), row["expires_at"]) for row in rows]
    own = [line for line in lines if line.order_id == wish.order_id]
    return own, [line for line in lines if line.order_id == wish.edit_id]


def _write(tx: Tx, wish: Amendment, own: Sequence[Line], held: Sequence[Line]) -> None:
    is_out = own[0].state is State.CONFIRMED
    gone = [replace(line, quantity=wish.less[line.sku]) for line in own if line.sku in wish.less]
    out = movements(held, ReservationConfirmed) if is_out else []
    stock.move(tx, [*out, *movements(gone, InventoryReleased)])
    if held:
        tx.later(TAKE, wish.order_id, [line.sku for line in held], [line.quantity for line in held],
                 own[0].state.value, own[0].expires_at)  # fmt: skip
        tx.later(TAKEN, wish.edit_id)
    _cut(tx, wish.order_id, own, gone)
    if held and is_out:
        tx.tell(ReservationConfirmed(order_id=wish.order_id, items=_items(wish.more)))
    if gone:
        tx.tell(InventoryReleased(order_id=wish.order_id, reason="the order was edited", items=_items(wish.less)))


def _cut(tx: Tx, order_id: UUID, own: Sequence[Line], gone: Sequence[Line]) -> None:
    had = {line.sku: line.quantity for line in own}
    assert all(line.quantity <= had[line.sku] for line in gone), "no more goes than there is"
    dropped = [line.sku for line in gone if line.quantity == had[line.sku]]
    cut = [line for line in gone if line.sku not in dropped]
    tx.later(CUT, order_id, [line.sku for line in cut], [line.quantity for line in cut])
    tx.later(DROP, order_id, dropped)


def _items(pieces: Mapping[str, int]) -> tuple[ReservedLine, ...]:
    return tuple(ReservedLine(sku, quantity) for sku, quantity in pieces.items())
