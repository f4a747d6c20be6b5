"""A simulated carrier: its books are a folder of the home, a file a key, shared by every process of the shop.

It collects a parcel a minute after it was booked and delivers it a minute later. A word anywhere in the address makes
it do otherwise: `simulated:refused`, `simulated:lost`, `simulated:returned`. It keeps no address, so nobody is in its
books.
"""

import hashlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from tradewind.adapters.books import Books
from tradewind.kernel.clock import now
from tradewind.ports.carrier import CANCELED, Booked, KeyReused, NotCarried, ParcelToCarry, Stage

COLLECTS_AFTER: Final = timedelta(minutes=1)
ARRIVES_AFTER: Final = timedelta(minutes=2)
FATES: Final = {
    "simulated:refused": "", "simulated:lost": Stage.LOST, "simulated:returned": Stage.RETURNED,
}  # fmt: skip


class _Entry(Struct, frozen=True, kw_only=True):
    digest: str
    booked_at: datetime
    end: Stage
    refused: str = ""


class SimulatedCarrier:
    """The port `Carrier`, answered by files."""

    def __init__(self, folder: Path) -> None:
        self._books = Books(folder, _Entry)

    async def book(self, parcel: ParcelToCarry, key: str) -> Booked | NotCarried:
        """Write it into the books, once; see the port."""
        entry = _entry(parcel, now())
        found = await self._books.write_once(key, entry)
        if found.refused:
            return NotCarried(reason=found.refused)
        if found.digest != entry.digest:
            raise KeyReused(key=key)
        return Booked(tracking_number=_number(key))

    async def cancel(self, key: str) -> bool:
        """Strike it out, or leave a tombstone; see the port."""
        stone = _Entry(digest="", booked_at=now(), end=Stage.CANCELED, refused=CANCELED)
        found = await self._books.write_once(key, stone)
        if found.refused:
            return True
        if _stage(found) is not Stage.BOOKED:
            return False
        await self._books.write_over(key, stone)
        return True

    async def track(self, key: str) -> Stage | None:
        """What the time that has passed has made of it; see the port."""
        found = await self._books.read(key)
        return None if found is None else _stage(found)


def _entry(parcel: ParcelToCarry, at: datetime) -> _Entry:
    words = " ".join(parcel.address.values())
    fate = next((fate for word, fate in FATES.items() if word in words), Stage.DELIVERED)
    digest = hashlib.sha256(msgspec.json.encode(parcel, order="deterministic")).hexdigest()
    refused = "" if isinstance(fate, Stage) else "the simulated carrier does not go there"
    return _Entry(digest=digest, booked_at=at, end=fate if isinstance(fate, Stage) else Stage.CANCELED, refused=refused)


def _number(key: str) -> str:
    return f"SIM-{hashlib.sha256(key.encode()).hexdigest()[:16].upper()}"


def _stage(entry: _Entry) -> Stage:
    if entry.refused:
        return Stage.CANCELED
    age = now() - entry.booked_at
    if age < COLLECTS_AFTER:
        return Stage.BOOKED
    return Stage.IN_TRANSIT if age < ARRIVES_AFTER else entry.end
