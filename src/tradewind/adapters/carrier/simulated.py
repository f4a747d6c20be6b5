"""A simulated carrier: its books are a folder of the home, a file a key, shared by every process of the shop.

It collects a parcel a minute after it was booked and delivers it a minute later. A word anywhere in the address makes
it do otherwise: `simulated:refused`, `simulated:lost`, `simulated:returned`. It keeps no address, so nobody is in its
books.
"""

import asyncio
import hashlib
import os
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from tradewind.kernel.clock import now
from tradewind.kernel.errors import Unavailable
from tradewind.ports.carrier import CANCELED, Booked, KeyReused, NotCarried, ParcelToCarry, Stage

COLLECTS_AFTER: Final = timedelta(minutes=1)
ARRIVES_AFTER: Final = timedelta(minutes=2)
FATES: Final = {
    "simulated:refused": "", "simulated:lost": Stage.LOST, "simulated:returned": Stage.RETURNED,
}  # fmt: skip
T = TypeVar("T")


class SimulatedCarrierAway(Unavailable):
    """The simulated carrier's folder cannot be read or written."""


class _Entry(Struct, frozen=True, kw_only=True):
    digest: str
    booked_at: datetime
    end: Stage
    refused: str = ""


class SimulatedCarrier:
    """The port `Carrier`, answered by files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def book(self, parcel: ParcelToCarry, key: str) -> Booked | NotCarried:
        """Write it into the books, once; see the port."""
        entry = _entry(parcel, now())
        found = await self._at_disk(lambda: self._write_once(key, entry))
        if found.refused:
            return NotCarried(reason=found.refused)
        if found.digest != entry.digest:
            raise KeyReused(key=key)
        return Booked(tracking_number=_number(key))

    async def cancel(self, key: str) -> bool:
        """Strike it out, or leave a tombstone; see the port."""
        stone = _Entry(digest="", booked_at=now(), end=Stage.CANCELED, refused=CANCELED)
        found = await self._at_disk(lambda: self._write_once(key, stone))
        if found.refused:
            return True
        if _stage(found) is not Stage.BOOKED:
            return False
        await self._at_disk(lambda: self._write_over(key, stone))
        return True

    async def track(self, key: str) -> Stage | None:
        """What the time that has passed has made of it; see the port."""
        found = await self._at_disk(lambda: self._read(key))
        return None if found is None else _stage(found)

    async def _at_disk(self, act: Callable[[], T]) -> T:
        try:
            return await asyncio.to_thread(act)
        except OSError as trouble:
            raise SimulatedCarrierAway from trouble

    def _path(self, key: str) -> Path:
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()}.json"

    def _read(self, key: str) -> _Entry | None:
        try:
            return msgspec.json.decode(self._path(key).read_bytes(), type=_Entry)
        except FileNotFoundError:
            return None

    def _draft(self, entry: _Entry) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self._folder / f".{secrets.token_hex(8)}"
        with draft.open("xb") as file:
            file.write(msgspec.json.encode(entry))
            file.flush()
            os.fsync(file.fileno())
        return draft

    def _write_once(self, key: str, entry: _Entry) -> _Entry:
        draft = self._draft(entry)
        try:
            os.link(draft, self._path(key))
        except FileExistsError:
            found = self._read(key)
            assert found is not None, "entries are never removed"
            return found
        finally:
            draft.unlink()
        return entry

    def _write_over(self, key: str, entry: _Entry) -> None:
        self._draft(entry).replace(self._path(key))


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
