"""A reservation's life: a table of from, by, to. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from tradewind.contracts.inventory import (
    MAIN,
    InventoryReleased,
    InventoryReservationExpired,
    Level,
    ReservationConfirmed,
    ReservedLine,
)
from tradewind.kernel.lifecycle import Lifecycle

Levels: TypeAlias = Mapping[str, Level]
"""By SKU."""


class State(StrEnum):
    """Where a reservation stands."""

    HELD = "HELD"
    CONFIRMED = "CONFIRMED"
    RELEASED = "RELEASED"
    EXPIRED = "EXPIRED"


LIFECYCLE = Lifecycle(
    (State.HELD, ReservationConfirmed, State.CONFIRMED),
    (State.HELD, InventoryReleased, State.RELEASED),
    (State.HELD, InventoryReservationExpired, State.EXPIRED),
    (State.CONFIRMED, InventoryReleased, State.RELEASED),
)


class Line(Struct, frozen=True):
    """So many of one SKU in one warehouse, promised to one order."""

    order_id: UUID
    sku: str
    quantity: int
    state: State
    expires_at: datetime
    warehouse: str = MAIN
    bundle: str | None = None


class Movement(Struct, frozen=True):
    """What lines on their way add to the two numbers of a SKU in a warehouse."""

    sku: str
    on_hand: int
    reserved: int
    warehouse: str = MAIN


def moving(lines: Sequence[Line], by: type) -> list[Line]:
    """Those that an arrow of this name leads on; the others have it behind them or may not."""
    return [line for line in lines if LIFECYCLE.allows(line.state, by)]


def goods(lines: Sequence[Line]) -> dict[UUID, tuple[ReservedLine, ...]]:
    """What the lines hold, by order."""
    found: dict[UUID, tuple[ReservedLine, ...]] = {}
    for line in lines:
        found[line.order_id] = (
            *found.get(line.order_id, ()),
            reserved_line(line.sku, line.quantity, line.warehouse, line.bundle),
        )
    return found


def reserved_line(sku: str, quantity: int, warehouse: str, bundle: str | None) -> ReservedLine:
    """A line as events tell of it. What a row says is no default until it is the same object."""
    return ReservedLine(sku, quantity, MAIN if warehouse == MAIN else warehouse, bundle)


def movements(lines: Sequence[Line], by: type) -> list[Movement]:
    """What the stock gains and loses when these lines follow the arrow, one movement a shelf."""
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for line in lines:
        shelf = line.sku, line.warehouse
        on_hand, reserved = sums.get(shelf, (0, 0))
        gained, freed = _change(line.state, LIFECYCLE.follow(line.state, by))
        sums[shelf] = (on_hand + gained * line.quantity, reserved + freed * line.quantity)
    return [Movement(sku, *sums[sku, place], place) for sku, place in sorted(sums)]


def moved(levels: Levels, moves: Iterable[Movement]) -> dict[str, Level]:
    """What there is of each SKU that is moved, once all that is moved of it is."""
    after: dict[str, Level] = {}
    for one in moves:
        now = after.get(one.sku) or replace(levels[one.sku], version=levels[one.sku].version + 1)
        after[one.sku] = replace(now, on_hand=now.on_hand + one.on_hand, reserved=now.reserved + one.reserved)
    return after


def levels_of(items: Iterable[ReservedLine], levels: Levels) -> tuple[Level, ...]:
    """What there is of these, each SKU once, as events tell of it."""
    return tuple(levels[sku] for sku in sorted({line.sku for line in items}) if sku in levels)


def _change(source: State, target: State) -> tuple[int, int]:
    """Per piece: what `on_hand` and `reserved` gain. Held goods are reserved, confirmed ones have left the house."""
    on_hand = (source is State.CONFIRMED) - (target is State.CONFIRMED)
    reserved = (target is State.HELD) - (source is State.HELD)
    return on_hand, reserved
