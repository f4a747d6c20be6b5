"""A shipment and its life: a table of from, by, to. Pure."""

import re
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from tradewind.contracts.shipping import ShipmentDelivered, ShipmentDispatched, ShipmentInTransit
from tradewind.kernel.errors import Invalid, NotFound
from tradewind.kernel.lifecycle import Lifecycle

MAX_TRACKING: Final = 40
TRACKING_PATTERN: Final = r"^[A-Za-z0-9-]{4,40}$"
_TRACKING = re.compile(TRACKING_PATTERN.strip("^$"))


class InvalidTracking(Invalid):
    """A tracking number is 4 to 40 letters, digits and dashes."""


class NoSuchShipment(NotFound):
    """There is no such shipment."""


class Status(StrEnum):
    """Where a shipment is."""

    PLANNED = "PLANNED"
    READY = "READY"
    DISPATCHED = "DISPATCHED"
    IN_TRANSIT = "IN_TRANSIT"
    DELIVERED = "DELIVERED"
    CANCELED = "CANCELED"


class Release:
    """It is paid, so it may leave the house."""


class Cancel:
    """Its order is off."""


LIFECYCLE = Lifecycle(
    (Status.PLANNED, Release, Status.READY),
    (Status.PLANNED, Cancel, Status.CANCELED),
    (Status.READY, Cancel, Status.CANCELED),
    (Status.READY, ShipmentDispatched, Status.DISPATCHED),
    (Status.DISPATCHED, ShipmentInTransit, Status.IN_TRANSIT),
    (Status.DISPATCHED, ShipmentDelivered, Status.DELIVERED),
    (Status.IN_TRANSIT, ShipmentDelivered, Status.DELIVERED),
)


class Shipment(Struct, frozen=True, kw_only=True):
    """What an order's goods travel as."""

    id: UUID
    order_id: UUID
    status: Status
    tracking_number: str | None


def tracking(shipment: Shipment, given: str | None) -> str:
    """The carrier's number, or one of our own; refuses InvalidTracking."""
    if given is None:
        return f"TW-{shipment.id.hex[-16:].upper()}"
    if not _TRACKING.fullmatch(given):
        raise InvalidTracking(pointer="/trackingNumber")
    return given
