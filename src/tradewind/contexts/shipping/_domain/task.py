"""What somebody in the warehouse does for a shipment: a table of from, by, to. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Self
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from tradewind.kernel.errors import Conflict, Invalid, NotFound
from tradewind.kernel.lifecycle import Lifecycle


class NoSuchTask(NotFound):
    """There is nothing to pick for such a shipment."""


class ClaimedByAnother(Conflict):
    """Somebody else is at it."""


class UnfitPick(Invalid):
    """Each SKU of the shipment has to be accounted for, with no more than is wanted. `wanted` says what is."""


class NothingPicked(Invalid):
    """Where nothing was found there is nothing to pack: put the task back instead."""


class State(StrEnum):
    """How far a task is."""

    OPEN = "OPEN"
    CLAIMED = "CLAIMED"
    HANDED_OVER = "HANDED_OVER"
    PICKED = "PICKED"
    PACKED = "PACKED"
    SHIPPED = "SHIPPED"
    CANCELED = "CANCELED"


class Claim:
    """Somebody goes for the goods."""


class PutBack:
    """They leave it to others."""


class Pick:
    """What was found is out of the shelves."""


class Pack:
    """It is in parcels."""


class HandOver:
    """The warehouse's own system shall do it."""


class Report:
    """The system says what it picked and packed."""


class Ship:
    """The goods have left the house, whether or not it was said here that they are packed."""


class CallOff:
    """The order is off, or is being changed."""


class Reopen:
    """The goods have to be sent once more, or may leave after all."""


LIFECYCLE = Lifecycle(
    (State.OPEN, Claim, State.CLAIMED),
    (State.CLAIMED, Claim, State.CLAIMED),
    (State.CLAIMED, PutBack, State.OPEN),
    (State.CLAIMED, Pick, State.PICKED),
    (State.PICKED, Pack, State.PACKED),
    (State.PACKED, Pack, State.PACKED),
    (State.OPEN, HandOver, State.HANDED_OVER),
    (State.HANDED_OVER, PutBack, State.OPEN),
    (State.HANDED_OVER, Report, State.PACKED),
    (State.OPEN, Ship, State.SHIPPED),
    (State.HANDED_OVER, Ship, State.SHIPPED),
    (State.CLAIMED, Ship, State.SHIPPED),
    (State.PICKED, Ship, State.SHIPPED),
    (State.PACKED, Ship, State.SHIPPED),
    (State.OPEN, CallOff, State.CANCELED),
    (State.HANDED_OVER, CallOff, State.CANCELED),
    (State.CLAIMED, CallOff, State.CANCELED),
    (State.PICKED, CallOff, State.CANCELED),
    (State.PACKED, CallOff, State.CANCELED),
    (State.SHIPPED, Reopen, State.OPEN),
    (State.CANCELED, Reopen, State.OPEN),  # held back while the order was changed; what is off stays planned no more
)


class FulfillmentTask(Struct, frozen=True, kw_only=True):
    """What is to be done for one shipment, and who does it."""

    shipment_id: UUID
    order_id: UUID
    state: State
    claimed_by: str | None = None

    def claim(self, who: str) -> Self:
        """Taken by `who`, once more if it is theirs; refuses (IllegalMove, ClaimedByAnother)."""
        moved = self._moved(Claim)
        self._is_of(who)
        return replace(moved, claimed_by=who)

    def put_back(self) -> Self:
        """Left to others, by whoever says so: people go home; refuses (IllegalMove)."""
        return replace(self._moved(PutBack), claimed_by=None)

    def pick(self, who: str, wanted: Mapping[str, int], found: Mapping[str, int]) -> tuple[Self, dict[str, int]]:
        """Picked, and what is missing; refuses (IllegalMove, ClaimedByAnother, UnfitPick, NothingPicked)."""
        moved = self._moved(Pick)
        self._is_of(who)
        return moved, _missing(wanted, found)

    def hand_over(self) -> Self:
        """For the system to do; refuses (IllegalMove)."""
        return self._moved(HandOver)

    def report(self, wanted: Mapping[str, int], found: Mapping[str, int], boxes: int) -> tuple[Self, dict[str, int]]:
        """Picked and packed by the system, and what is missing; refuses (IllegalMove, UnfitPick, NothingPicked)."""
        moved = self._moved(Report)
        missing = _missing(wanted, found)
        if boxes < 1:
            raise UnfitPick("What was picked was packed into nothing.")
        return moved, missing

    def pack(self) -> Self:
        """In parcels, by anybody, and again as long as it is here; refuses (IllegalMove)."""
        return self._moved(Pack)

    def _is_of(self, who: str) -> None:
        if self.claimed_by not in (None, who):
            raise ClaimedByAnother

    def _moved(self, by: type) -> Self:
        return replace(self, state=LIFECYCLE.follow(self.state, by))


def _missing(wanted: Mapping[str, int], found: Mapping[str, int]) -> dict[str, int]:
    if found.keys() != wanted.keys() or any(not 0 <= found[sku] <= count for sku, count in wanted.items()):
        raise UnfitPick(pointer="/lines", wanted=dict(wanted))
    if not any(found.values()):
        raise NothingPicked(pointer="/lines")
    return {sku: count - found[sku] for sku, count in wanted.items() if count > found[sku]}
