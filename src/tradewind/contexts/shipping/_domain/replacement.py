"""A replacement: goods that are to go out once more, and are asked for in another database. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from tradewind.contracts.inventory import InventoryAway
from tradewind.kernel.errors import Conflict


class Supply(Struct, frozen=True):
    """Where goods that go out once more come from: inventory here, or `away`, in another process."""

    away: InventoryAway | None = None


class ReplacementUnderWay(Conflict):
    """The goods are asked for already. The shipment says what comes of it."""


class Standing(StrEnum):
    """How far it has come."""

    PENDING = "PENDING"
    DONE = "DONE"
    REFUSED = "REFUSED"


class Replacement(Struct, frozen=True, kw_only=True):
    """What is asked for once more. `round`: how many times the shipment had been sent when that was asked."""

    id: UUID
    shipment_id: UUID
    order_id: UUID
    round: int
    lines: Mapping[str, int]
    status: Standing = Standing.PENDING
