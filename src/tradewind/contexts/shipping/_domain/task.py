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


class Ship:
    """The goods have left the house, whether or not it was said here that they are packed."""


class CallOff:
    """The order is off."""


class Reopen:
    """The goods have to be sent once more."""


LIFECYCLE = Lifecycle(
    (State.OPEN, Claim, State.CLAIMED),
    (State.CLAIMED, Claim, State.CLAIMED),
    (State.CLAIMED, PutBack, State.OPEN),
    (State.CLAIMED, Pick, State.PICKED),
    (State.PICKED, Pack, State.PACKED),
    (State.PACKED, Pack, State.PACKED),
    (State.OPEN, Ship, State.SHIPPED),
    (State.CLAIMED, Ship, State.SHIPPED),
    (State.PICKED, Ship, State.SHIPPED),
    (State.PACKED, Ship, State.SHIPPED),
    (State.OPEN, CallOff, State.CANCELED),
    (State.CLAIMED, CallOff, State.CANCELED),
    (State.PICKED, CallOff, State.CANCELED),
    (State.PACKED, CallOff, State.CANCELED),
    (State.SHIPPED, Reopen, State.OPEN),
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
        if found.keys() != wanted.keys() or any(not 0 <= found[sku] <= count for sku, count in wanted.items()):
            raise UnfitPick(pointer="/lines", wanted=dict(wanted))
        if not any(found.values()):
            raise NothingPicked(pointer="/lines")
        return moved, {sku: count - found[sku] for sku, count in wanted.items() if count > found[sku]}

    def pack(self) -> Self:
        """In parcels, by anybody, and again as long as it is here; refuses (IllegalMove)."""
        return self._moved(Pack)

    def _is_of(self, who: str) -> None:
        if self.claimed_by not in (None, who):
            raise ClaimedByAnother

    def _moved(self, by: type) -> Self:
        return replace(self, state=LIFECYCLE.follow(self.state, by))
