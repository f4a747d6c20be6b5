"""A simulated warehouse's system: ten seconds after it was asked, everything is picked and in one box."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from tradewind.adapters.books import Books
from tradewind.kernel.clock import now
from tradewind.ports.warehouse_system import FulfillmentOrder, KeyReused, NotTaken, PackedBox, Picked, Taken

PICKS_WITHIN: Final = timedelta(seconds=10)
BOX: Final = PackedBox(weight_g=1_000, length_mm=400, width_mm=300, height_mm=200)


class _Entry(Struct, frozen=True, kw_only=True):
    digest: str
    at: datetime
    lines: Mapping[str, int]
    canceled: bool = False


class SimulatedWarehouse:
    """The port `WarehouseSystem`, answered by files."""

    def __init__(self, folder: Path) -> None:
        self._books = Books(folder, _Entry)

    async def send(self, order: FulfillmentOrder, key: str) -> Taken | NotTaken:
        """Write it down, once; see the port."""
        digest = hashlib.sha256(msgspec.json.encode(order, order="deterministic")).hexdigest()
        found = await self._books.write_once(key, _Entry(digest=digest, at=now(), lines=order.lines))
        if found.canceled:
            return NotTaken(reason="canceled before it was sent")
        if found.digest != digest:
            raise KeyReused(key=key)
        return Taken()

    async def cancel(self, key: str) -> bool:
        """Strike it out, or leave a tombstone; see the port."""
        stone = _Entry(digest="", at=now(), lines={}, canceled=True)
        found = await self._books.write_once(key, stone)
        if found.canceled:
            return True
        if _is_picked(found):
            return False
        await self._books.write_over(key, stone)
        return True

    async def picked(self, key: str) -> Picked | None:
        """Everything, once the time has passed; see the port."""
        found = await self._books.read(key)
        if found is None or found.canceled or not _is_picked(found):
            return None
        return Picked(lines=found.lines, boxes=(BOX,))


def _is_picked(entry: _Entry) -> bool:
    return now() - entry.at >= PICKS_WITHIN
