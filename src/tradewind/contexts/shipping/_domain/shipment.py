"""A shipment and its life: a table of from, by, to. Pure."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from tradewind.contracts.shipping import (
    ShipmentDelivered,
    ShipmentDispatched,
    ShipmentInTransit,
    ShipmentLost,
    ShipmentReplaced,
    ShipmentReturned,
    ShipmentUnpacked,
    UnpackedItem,
)
from tradewind.kernel.errors import Invalid, NotFound
from tradewind.kernel.lifecycle import Lifecycle

TRACKING_PATTERN: Final = r"^[A-Za-z0-9-]{4,40}$"
_TRACKING = re.compile(TRACKING_PATTERN.strip("^$"))


class InvalidTracking(Invalid):
    """A tracking number is 4 to 40 letters, digits and dashes."""


class UnfitUnpacking(Invalid):
    """Each piece of each SKU that came back has to be accounted for, once. `expected` says what was sent."""


class NoSuchShipment(NotFound):
    """There is no such shipment."""


class Status(StrEnum):
    """Where a shipment is."""

    PLANNED = "PLANNED"
    READY = "READY"
    DISPATCHED = "DISPATCHED"
    IN_TRANSIT = "IN_TRANSIT"
    DELIVERED = "DELIVERED"
    LOST = "LOST"
    RETURNED = "RETURNED"
    UNPACKED = "UNPACKED"
    CANCELED = "CANCELED"


class Release:
    """It is paid, so it may leave the house."""


class Hold:
    """Its order is being changed: until that is over it may not leave the house."""


class Cancel:
    """Its order is off."""


LIFECYCLE = Lifecycle(
    (Status.PLANNED, Release, Status.READY),
    (Status.READY, Hold, Status.PLANNED),
    (Status.PLANNED, Cancel, Status.CANCELED),
    (Status.READY, Cancel, Status.CANCELED),
    (Status.READY, ShipmentDispatched, Status.DISPATCHED),
    (Status.DISPATCHED, ShipmentInTransit, Status.IN_TRANSIT),
    (Status.DISPATCHED, ShipmentDelivered, Status.DELIVERED),
    (Status.IN_TRANSIT, ShipmentDelivered, Status.DELIVERED),
    (Status.DISPATCHED, ShipmentLost, Status.LOST),
    (Status.IN_TRANSIT, ShipmentLost, Status.LOST),
    (Status.LOST, ShipmentDelivered, Status.DELIVERED),
    (Status.LOST, ShipmentReplaced, Status.READY),
    (Status.DISPATCHED, ShipmentReturned, Status.RETURNED),
    (Status.IN_TRANSIT, ShipmentReturned, Status.RETURNED),
    (Status.LOST, ShipmentReturned, Status.RETURNED),
    (Status.RETURNED, ShipmentReplaced, Status.READY),
    (Status.RETURNED, ShipmentUnpacked, Status.UNPACKED),
    (Status.UNPACKED, ShipmentReplaced, Status.READY),
)
OUT_OF_STOCK: Final = frozenset((Status.LOST, Status.UNPACKED))
"""Where nothing is kept for the shipment any more: goods that go out for it are taken from the shelf once more."""


class Shipment(Struct, frozen=True, kw_only=True):
    """What an order's goods, or some of them, travel as."""

    id: UUID
    order_id: UUID
    status: Status
    tracking_number: str | None
    parcels: int = 1
    """How many times it was sent: once, and once more each time that it was lost or came back, and was replaced."""
    part: int = 1
    """Which of its order's shipments it is."""
    lines: Mapping[str, int] | None = None
    """What is in it, SKU to pieces; None: everything that was bought."""


def unpacked(shipment: Shipment, found: Sequence[UnpackedItem]) -> Shipment:
    """The shipment once somebody has looked at all of it; refuses IllegalMove, UnfitUnpacking."""
    assert shipment.lines is not None, "known"
    status = LIFECYCLE.follow(shipment.status, ShipmentUnpacked)
    seen = {one.sku: one.restocked + one.written_off for one in found}
    if seen != dict(shipment.lines) or len(found) != len(seen):
        raise UnfitUnpacking(expected=dict(shipment.lines))
    return replace(shipment, status=status)


def tracking(shipment: Shipment, given: str | None) -> str:
    """The carrier's number, or one of our own; refuses InvalidTracking."""
    if given is None:
        again = f"-{shipment.parcels}" if shipment.parcels > 1 else ""
        return f"TW-{shipment.id.hex[-16:].upper()}{again}"
    if not _TRACKING.fullmatch(given):
        raise InvalidTracking(pointer="/trackingNumber")
    return given
