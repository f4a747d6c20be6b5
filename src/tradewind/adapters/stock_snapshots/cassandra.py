"""The snapshot of stock on Cassandra: SKUs in the order of their characters, on a few shelves.

Every cell is written with its SKU's version as its timestamp, so Cassandra itself lets the last word count, and nothing
has to be read before it is written. One partition would hold everything and be every write's; so a SKU lies on one of
`SHELVES`, by what its characters come to, and who leafs through all of it asks each shelf for a page and takes the
first ones.
"""

import zlib
from collections.abc import Sequence
from heapq import merge
from itertools import islice
from typing import Any, Final
from uuid import UUID

from cassandra.query import UNSET_VALUE

from tradewind.adapters.cassandra.asking import Asking
from tradewind.adapters.cassandra.link import Link, Write
from tradewind.adapters.cassandra.progress import Notes, Progress
from tradewind.ports.progress import Reached
from tradewind.ports.stock_snapshots import Standing, StockSnapshotAway
from tradewind.runtime.failpoints import failpoint

SHELVES: Final = 8
"""Never to be changed without a rebuild."""
READER: Final = "inventory"
TABLES: Final = (
    """CREATE TABLE IF NOT EXISTS inventory_snapshot (
        shelf int, sku text, version bigint, on_hand int, reserved int, product_id blob, PRIMARY KEY (shelf, sku))""",
    """CREATE TABLE IF NOT EXISTS inventory_reached (
        reader text PRIMARY KEY, place frozen<tuple<bigint, bigint>>, up_to_date_at timestamp)""",
)
SAY: Final = """INSERT INTO inventory_snapshot (shelf, sku, version, on_hand, reserved, product_id)
    VALUES (?, ?, ?, ?, ?, ?) USING TIMESTAMP ?"""
OF: Final = """SELECT sku, version, on_hand, reserved, product_id FROM inventory_snapshot
    WHERE shelf = ? AND sku = ?"""
AFTER: Final = """SELECT sku, version, on_hand, reserved, product_id FROM inventory_snapshot
    WHERE shelf = ? AND sku > ? LIMIT ?"""
NOTES: Final = Notes(
    read="SELECT place, up_to_date_at FROM inventory_reached WHERE reader = ?",
    reach="INSERT INTO inventory_reached (reader, place) VALUES (?, ?) USING TIMESTAMP ?",
    up_to_date="INSERT INTO inventory_reached (reader, up_to_date_at) VALUES (?, ?)",
)
CLEAR: Final = ("TRUNCATE inventory_reached", "TRUNCATE inventory_snapshot")


class CassandraStockSnapshot:
    """The snapshot in the keyspace of `link`, whose owner closes it."""

    def __init__(self, link: Link) -> None:
        self._cassandra = Asking(link, StockSnapshotAway)
        self._progress = Progress(READER, NOTES, self._cassandra.ask)

    async def reached(self) -> Reached | None:
        return await self._progress.reached()

    async def put(self, changes: Sequence[Standing], upto: Reached, *, is_all: bool) -> None:
        await self._cassandra.write_all(Write(_shelf(one.sku), SAY, _cells(one)) for one in changes)
        failpoint("stock_snapshot.before_reached")
        await self._progress.note(upto, wrote=bool(changes), is_all=is_all)

    async def of(self, skus: Sequence[str]) -> Sequence[Standing] | None:
        await self._refuse_if_behind()
        found = await self._cassandra.ask_all((OF, (_shelf(sku), sku)) for sku in sorted(set(skus)))
        return [_standing(row) for rows in found for row in rows]

    async def after(self, sku: str, many: int) -> Sequence[Standing] | None:
        await self._refuse_if_behind()
        shelves = await self._cassandra.ask_all((AFTER, (shelf, sku, many)) for shelf in range(SHELVES))
        return [_standing(row) for row in islice(merge(*shelves, key=lambda row: row[0]), many)]

    async def clear(self) -> None:
        await self._cassandra.clear(CLEAR)
        self._progress.forget()

    async def _refuse_if_behind(self) -> None:
        if not await self._progress.is_believed():
            raise StockSnapshotAway


def _shelf(sku: str) -> int:
    return zlib.crc32(sku.encode()) % SHELVES


def _cells(one: Standing) -> tuple[Any, ...]:
    product = UNSET_VALUE if one.product_id is None else one.product_id.bytes
    return _shelf(one.sku), one.sku, one.version, one.on_hand, one.reserved, product, one.version


def _standing(row: Any) -> Standing:
    sku, version, on_hand, reserved, product = row
    return Standing(sku, version, on_hand, reserved, None if product is None else UUID(bytes=product))
