"""Whoever carries parcels for the shop (3PL): book, cancel, and ask where a parcel is.

What every adapter promises, and every caller may lean on:

- **Idempotent by key.** The same parcel with the same key is booked once, and gets the same number again. The same key
  with another parcel raises `KeyReused`, and nothing is booked.
- **Never a guess.** `Booked` and `NotCarried` are what the carrier said. Whatever hides its answer raises
  `Unavailable`: *the outcome is unknown*; it is settled by asking again with the same key, never by a new one.
- **A cancellation is final, whatever comes late.** One that the carrier has not seen leaves a tombstone, so that a late
  `book` with that key is `NotCarried`.
- **A notice is only a hint.** What a carrier tells by itself is a reason to `track`, never the truth itself; so it may
  come twice, late, out of order, or never.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from tradewind.kernel.errors import Conflict

CANCELED = "canceled before it was booked"


class Stage(StrEnum):
    """How far a parcel is, in the carrier's eyes."""

    BOOKED = "BOOKED"
    IN_TRANSIT = "IN_TRANSIT"
    DELIVERED = "DELIVERED"
    RETURNED = "RETURNED"
    LOST = "LOST"
    CANCELED = "CANCELED"


class ParcelToCarry(Struct, frozen=True, kw_only=True, rename="camel"):
    """What is to be carried. `reference` is the shop's own word for it, by which people compare; grams, millimetres."""

    reference: str
    weight_g: int
    length_mm: int
    width_mm: int
    height_mm: int
    address: Mapping[str, str]


class Booked(Struct, frozen=True, kw_only=True):
    """The carrier takes it, under this number; `label` is a PDF, where the carrier makes its own."""

    tracking_number: str
    label: bytes | None = None


class NotCarried(Struct, frozen=True, kw_only=True):
    """The carrier does not take it, for good: the same key gets the same answer. `reason` is for people."""

    reason: str


class Notice(Struct, frozen=True, kw_only=True):
    """What a carrier told by itself about the parcel that was booked by `key`."""

    notice_id: str
    key: str


class KeyReused(Conflict):
    """The carrier knows this key with another parcel."""


class Carrier(Protocol):
    """All raise `Unavailable` when the outcome is unknown."""

    async def book(self, parcel: ParcelToCarry, key: str) -> Booked | NotCarried:
        """Have it carried."""
        ...

    async def cancel(self, key: str) -> bool:
        """Have it carried no more; True also where it was never seen, False once the carrier has it."""
        ...

    async def track(self, key: str) -> Stage | None:
        """How far the parcel is; None where the carrier has not recorded it *so far*."""
        ...


class NoticeReader(Protocol):
    """Reads what a carrier posts to the shop."""

    def read(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Sequence[Notice]:
        """Raises Unauthenticated for a bad or stale signature, Invalid for a body that cannot be read."""
        ...


class Carriers(Struct, frozen=True):
    """The carriers that a shop works with, by name; and how those are read who tell something by themselves."""

    by_name: Mapping[str, Carrier]
    readers: Mapping[str, NoticeReader]
