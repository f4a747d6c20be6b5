"""Stock to test with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest_asyncio

from tests.shops import a_call
from tradewind.contracts.inventory import InventoryPeer, InventoryReserved, NotEnoughStock, Wanted
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Database

LEDGER = """
    SELECT s.sku, s.warehouse, s.on_hand, s.reserved,
           (SELECT coalesce(sum(delta), 0) FROM inventory.inventory_adjustment a
            WHERE a.sku = s.sku AND a.warehouse = s.warehouse)
           - (SELECT coalesce(sum(quantity), 0) FROM inventory.reservation r
              WHERE r.sku = s.sku AND r.warehouse = s.warehouse AND state = 'CONFIRMED') AS on_hand_due,
           (SELECT coalesce(sum(quantity), 0) FROM inventory.reservation r
            WHERE r.sku = s.sku AND r.warehouse = s.warehouse AND state = 'HELD') AS reserved_due
    FROM inventory.inventory_stock s ORDER BY sku, warehouse
"""
OPEN = "INSERT INTO inventory.warehouse (code, name, priority) VALUES ($1, $1, $2)"
PUT = """
    WITH stock AS (
        INSERT INTO inventory.inventory_stock AS s (sku, product_id, on_hand, warehouse)
        SELECT sku, product_id, $4, $3 FROM inventory.inventory_stock WHERE sku = $2 AND warehouse = 'MAIN'
        ON CONFLICT (sku, warehouse) DO UPDATE SET on_hand = s.on_hand + $4)
    INSERT INTO inventory.inventory_adjustment (id, sku, delta, reason, actor, warehouse)
    VALUES ($1, $2, $4, 'opening', 'test', $3)
"""


@dataclass
class Store:
    """A shop's stock, each question to it in a transaction of its own."""

    shop: Any

    @property
    def db(self) -> Database:
        """The shop's database."""
        db: Database = self.shop.db
        return db

    async def fill(self, **stock: int) -> None:
        """Put so many of each SKU on the shelf."""
        async with self.db.pool.acquire() as connection, connection.transaction():
            for sku, quantity in stock.items():
                await connection.execute(
                    "INSERT INTO inventory.inventory_stock VALUES ($1, $2, $3)", sku, new_id(), quantity
                )
                await connection.execute(
                    "INSERT INTO inventory.inventory_adjustment (id, sku, delta, reason, actor) "
                    "SELECT $1, $2, $3, 'opening', 'test' WHERE $3 > 0",
                    new_id(), sku, quantity,
                )  # fmt: skip

    async def open(self, code: str, *, priority: int = 100) -> None:
        """Let there be a warehouse."""
        await self.db.pool.execute(OPEN, code, priority)

    async def put(self, warehouse: str, **stock: int) -> None:
        """Put so many of each SKU into a warehouse."""
        for sku, quantity in stock.items():
            await self.db.pool.execute(PUT, new_id(), sku, warehouse, quantity)

    async def reserve(self, *wanted: Wanted) -> Sequence[InventoryReserved | NotEnoughStock]:
        """Try."""
        async with self.db.transaction(a_call("system")) as tx:
            return await tx.peer(InventoryPeer).reserve(tx, wanted)

    async def confirm(self, *order_ids: UUID) -> frozenset[UUID]:
        """Confirm."""
        async with self.db.transaction(a_call("system")) as tx:
            return await tx.peer(InventoryPeer).confirm(tx, order_ids)

    async def release(self, *order_ids: UUID, reason: str = "a test") -> None:
        """Cancel."""
        async with self.db.transaction(a_call("system")) as tx:
            await tx.peer(InventoryPeer).release(tx, order_ids, reason)

    async def stock(self) -> dict[str, tuple[int, int]]:
        """SKU to (on hand, reserved); fails where the ledger says otherwise."""
        rows = await self.db.pool.fetch(LEDGER)
        for row in rows:
            assert (row["on_hand"], row["reserved"]) == (row["on_hand_due"], row["reserved_due"]), dict(row)
        found: dict[str, tuple[int, int]] = {}
        for row in rows:
            on_hand, reserved = found.get(row["sku"], (0, 0))
            found[row["sku"]] = on_hand + row["on_hand"], reserved + row["reserved"]
        return found

    async def shelves(self, sku: str) -> dict[str, tuple[int, int]]:
        """Warehouse to (on hand, reserved)."""
        await self.stock()
        rows = [row for row in await self.db.pool.fetch(LEDGER) if row["sku"] == sku]
        return {row["warehouse"]: (row["on_hand"], row["reserved"]) for row in rows}

    async def states(self) -> list[str]:
        """The state of every reservation."""
        rows = await self.db.pool.fetch("SELECT state FROM inventory.reservation ORDER BY order_id, line")
        return [row["state"] for row in rows]

    async def told(self) -> list[tuple[str, str]]:
        """(last words of the type, key) of every event, in the order of the log."""
        rows = await self.db.pool.fetch("SELECT type, key FROM runtime.outbox ORDER BY stamp, position")
        return [(".".join(row["type"].split(".")[2:4]), row["key"]) for row in rows]


@pytest_asyncio.fixture
async def store(shop: Any) -> Store:
    """An empty store."""
    return Store(shop)


def wants(**quantities: int) -> Wanted:
    """A new order that wants so many of each SKU."""
    return Wanted(new_id(), quantities)


def kinds(answers: Any) -> list[str]:
    """The answers' class names."""
    return [type(answer).__name__ for answer in answers]
