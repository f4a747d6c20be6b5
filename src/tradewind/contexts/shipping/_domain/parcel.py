"""A parcel: what a shipment is packed into, and how far its carrier has brought it. Pure."""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.shipping._domain.shipment import LIFECYCLE as OF_SHIPMENTS
from tradewind.contexts.shipping._domain.shipment import Status
from tradewind.contracts.messages import Event
from tradewind.contracts.shipping import (
    ShipmentDelivered,
    ShipmentDispatched,
    ShipmentInTransit,
    ShipmentLost,
    ShipmentReturned,
)
from tradewind.kernel.errors import Conflict, Invalid
from tradewind.kernel.lifecycle import Lifecycle

MAX_PARCELS: Final = 99
MAX_WEIGHT_G: Final = 1_000_000
MAX_SIDE_MM: Final = 10_000
TRACK_EVERY: Final = timedelta(minutes=15)
"""So often a carrier is asked where a parcel is, unless it tells by itself."""
LONGEST_WAIT_S: Final = 300


class UnknownCarrier(Invalid):
    """The shop does not work with such a carrier. `carriers` names those that it works with."""


class BookingUnderWay(Conflict):
    """The carrier is being asked; hand the shipment over once it has answered, or under a number of another carrier."""


class State(StrEnum):
    """Where a parcel is."""

    PACKED = "PACKED"
    WANTED = "WANTED"
    BOOKED = "BOOKED"
    REFUSED = "REFUSED"
    IN_TRANSIT = "IN_TRANSIT"
    DELIVERED = "DELIVERED"
    RETURNED = "RETURNED"
    LOST = "LOST"
    CANCELING = "CANCELING"
    CANCELED = "CANCELED"


class Book:
    """The carrier takes it."""


class Decline:
    """The carrier does not take it."""


class Collect:
    """The carrier has it."""


class Arrive:
    """Its recipient has it."""


class ComeBack:
    """It could not be delivered and was brought back."""


class Lose:
    """The carrier does not know where it is."""


class CallOff:
    """It shall not be carried, at least not like that."""


class Free:
    """The carrier will not carry it."""


class Keep:
    """The carrier has it already, so it cannot be called off."""


LIFECYCLE = Lifecycle(
    (State.WANTED, Book, State.BOOKED),
    (State.WANTED, Decline, State.REFUSED),
    (State.WANTED, CallOff, State.CANCELING),
    (State.BOOKED, CallOff, State.CANCELING),
    (State.REFUSED, CallOff, State.CANCELING),
    (State.CANCELING, Free, State.CANCELED),
    (State.CANCELING, Keep, State.REFUSED),
    (State.BOOKED, Free, State.CANCELED),
    (State.BOOKED, Collect, State.IN_TRANSIT),
    (State.BOOKED, Arrive, State.DELIVERED),
    (State.BOOKED, ComeBack, State.RETURNED),
    (State.BOOKED, Lose, State.LOST),
    (State.IN_TRANSIT, Arrive, State.DELIVERED),
    (State.IN_TRANSIT, ComeBack, State.RETURNED),
    (State.IN_TRANSIT, Lose, State.LOST),
    (State.LOST, Arrive, State.DELIVERED),
    (State.LOST, ComeBack, State.RETURNED),
)
TRACKED: Final = (State.BOOKED, State.IN_TRANSIT, State.LOST)
"""Of these the carrier may have something new to tell."""
LEFT: Final = frozenset((State.IN_TRANSIT, State.DELIVERED, State.RETURNED, State.LOST))


class Size(Struct, frozen=True, kw_only=True):
    """Grams and millimetres."""

    weight_g: int
    length_mm: int
    width_mm: int
    height_mm: int


class Parcel(Struct, frozen=True, kw_only=True):
    """One parcel of a shipment. Its id is also the key by which its carrier knows it."""

    id: UUID
    shipment_id: UUID
    size: Size
    number: int = 1
    carrier: str | None = None
    state: State = State.PACKED
    tracking_number: str | None = None
    why: str | None = None


def follows(status: Status, states: Sequence[State]) -> list[type[Event]]:
    """What becomes of a shipment in `status` whose parcels are in `states`: one move after the other.

    It is delivered once every parcel is, lost or returned with the first that is.
    """
    moves: list[type[Event]] = []
    for move, when in (
        (ShipmentDispatched, any(state in LEFT for state in states)),
        (ShipmentInTransit, State.IN_TRANSIT in states),
        (ShipmentReturned, State.RETURNED in states),
        (ShipmentLost, State.LOST in states),
        (ShipmentDelivered, bool(states) and all(state is State.DELIVERED for state in states)),
    ):
        if when and OF_SHIPMENTS.allows(status, move):
            status = OF_SHIPMENTS.follow(status, move)
            moves.append(move)
    return moves


def wait(tries: int) -> timedelta:
    """How long until a carrier that did not answer is asked again."""
    return timedelta(seconds=min(2**tries, LONGEST_WAIT_S))
