"""Amend: an order holds other goods than before, or other goods are taken out for it; whole or not at all.

What comes is held for the edit first, as for any order; then the order takes those lines over. What goes is cut from
the order's own lines, wherever they lie, the last ones first; of a bundle so many of each part. Each line moves the
stock by the arrow that it follows.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, Self

from msgspec.structs import replace

from tradewind.contexts.inventory._domain.reservation import (
    Levels,
    Line,
    Movement,
    State,
    levels_of,
    moved,
    movements,
    reserved_line,
)
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
    SELECT order_id, sku, quantity, state, expires_at, warehouse, bundle, per FROM inventory.reservation
    WHERE order_id = ANY($1::uuid[]) ORDER BY order_id, line FOR NO KEY UPDATE
"""
WRITE: Final = """
    INSERT INTO inventory.reservation (order_id, sku, quantity, line, warehouse, bundle, per, state, expires_at)
    SELECT u.*, $2, $3 FROM unnest($1::inventory.new_reservation[]) AS u
    ON CONFLICT (order_id, line) DO UPDATE SET sku = excluded.sku, quantity = excluded.quantity,
        warehouse = excluded.warehouse, bundle = excluded.bundle, per = excluded.per
"""
TRIM: Final = "DELETE FROM inventory.reservation WHERE order_id = $1 AND line >= $2"


class Own(NamedTuple):
    """A line as it is kept: where two say the same of different pieces, they are one."""

    sku: str
    warehouse: str
    bundle: str | None
    per: int

    @classmethod
    def of(cls, row: Any) -> Self:
        """Without the pieces."""
        return cls(row["sku"], row["warehouse"], row["bundle"], row["per"])


async def amend(tx: Tx, wish: Amendment) -> NotEnoughStock | ReservationEnded | None:
    """None once it is done. What was put off is written first: others may have touched the same stock."""
    await tx.flush()
    own, held, found = await _hold(tx, wish)
    if {row["state"] for row in own} not in ({State.HELD}, {State.CONFIRMED}):
        return ReservationEnded("The order's goods are not held.")
    if wish.more and not held:
        (answer,) = await reserve(tx, [Wanted(wish.edit_id, wish.more)])
        if isinstance(answer, NotEnoughStock):
            return answer
        tx.tell(answer)
        await tx.flush()
        own, held, found = await _hold(tx, wish)
    if any(row["state"] != State.HELD for row in held):
        return ReservationEnded("What was to be added is not held any more.")
    await _write(tx, wish, own, held, found)
    return None


async def _hold(tx: Tx, wish: Amendment) -> tuple[list[Any], list[Any], Levels]:
    """The lines of the order and those of the edit, and the stock of what changes, held."""
    rows = await tx.all(HOLD_LINES, [wish.order_id, wish.edit_id])
    own = [row for row in rows if row["order_id"] == wish.order_id]
    held = [row for row in rows if row["order_id"] == wish.edit_id]
    going = [row["sku"] for row in own if _bought(row) in wish.less]
    found = await stock.hold(tx, sorted({*going, *(row["sku"] for row in held)}))
    return own, held, {sku: one.level(moved=False) for sku, one in found.items()}


async def _write(tx: Tx, wish: Amendment, own: Sequence[Any], held: Sequence[Any], found: Levels) -> None:
    state, expires_at = State(own[0]["state"]), own[0]["expires_at"]
    is_out = state is State.CONFIRMED
    came = [_line(row) for row in held]
    gone = _gone(own, wish.less)
    moves = _each_once([*(movements(came, ReservationConfirmed) if is_out else []),
                        *movements(gone, InventoryReleased)])  # fmt: skip
    stock.move(tx, moves)
    after = moved(found, moves)
    stays = _staying(own, held, gone)
    lines = [(wish.order_id, one.sku, pieces, number, one.warehouse, one.bundle, one.per)
             for number, (one, pieces) in enumerate(stays.items())]  # fmt: skip
    await tx.run(TRIM, wish.edit_id, 0)
    await tx.run(WRITE, lines, state.value, expires_at)
    await tx.run(TRIM, wish.order_id, len(lines))
    if came and is_out:
        items = _items(came)
        tx.tell(ReservationConfirmed(order_id=wish.order_id, items=items, levels=levels_of(items, after)))
    if gone:
        items, why = _items(gone), "the order was edited"
        tx.tell(InventoryReleased(order_id=wish.order_id, reason=why, items=items, levels=levels_of(items, after)))


def _bought(row: Any) -> str:
    return row["bundle"] or row["sku"]  # type: ignore[no-any-return]


def _line(row: Any) -> Line:
    state = State(row["state"])
    return Line(row["order_id"], row["sku"], row["quantity"], state, row["expires_at"], row["warehouse"], row["bundle"])


def _gone(own: Sequence[Any], less: Mapping[str, int]) -> list[Line]:
    """What is cut: of each part of what was bought so many pieces, from the last line that has some."""
    left = {(_bought(row), row["sku"]): less[_bought(row)] * row["per"] for row in own if _bought(row) in less}
    gone = []
    for row in reversed(own):
        pieces = min(left.get((_bought(row), row["sku"]), 0), row["quantity"])
        if pieces:
            left[_bought(row), row["sku"]] -= pieces
            gone.append(replace(_line(row), quantity=pieces))
    assert not any(left.values()), "no more goes than there is"
    return gone


def _staying(own: Sequence[Any], held: Sequence[Any], gone: Sequence[Line]) -> dict[Own, int]:
    """What the order has afterwards, in the order of its lines; the first stays its gate."""
    found = Counter[Own]()
    for row in (*own, *held):
        found[Own.of(row)] += row["quantity"]
    per = {(row["sku"], row["bundle"]): row["per"] for row in own}
    for line in gone:
        found[Own(line.sku, line.warehouse, line.bundle, per[line.sku, line.bundle])] -= line.quantity
    return {one: pieces for one, pieces in found.items() if pieces}


def _each_once(moves: Iterable[Movement]) -> list[Movement]:
    """A shelf that one piece leaves and another comes to is moved once."""
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for one in moves:
        on_hand, reserved = sums.get((one.sku, one.warehouse), (0, 0))
        sums[one.sku, one.warehouse] = on_hand + one.on_hand, reserved + one.reserved
    return [Movement(sku, *sums[sku, place], place) for sku, place in sorted(sums)]


def _items(lines: Sequence[Line]) -> tuple[ReservedLine, ...]:
    return tuple(reserved_line(line.sku, line.quantity, line.warehouse, line.bundle) for line in lines)
