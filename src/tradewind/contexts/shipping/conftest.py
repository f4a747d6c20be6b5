"""Shipments to test with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest_asyncio

from tests.shops import a_call
from tradewind.contracts.shipping import ShippingPeer
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Database

ADDRESS = {"name": "Ada", "street": "1 Main Street", "city": "London", "country": "GB"}


@dataclass
class Dock:
    """A shop's shipping, each question to it in a transaction of its own."""

    shop: Any

    @property
    def db(self) -> Database:
        """The shop's database."""
        db: Database = self.shop.db
        return db

    async def create(self, addresses: Mapping[UUID, Mapping[str, str]]) -> Mapping[UUID, str | None]:
        """Plan."""
        async with self.db.transaction(a_call("system")) as tx:
            return await tx.peer(ShippingPeer).create(tx, addresses)

    async def release(self, *order_ids: UUID) -> None:
        """Let go."""
        async with self.db.transaction(a_call("system")) as tx:
            await tx.peer(ShippingPeer).release(tx, order_ids)

    async def cancel(self, *order_ids: UUID) -> Mapping[UUID, str | None]:
        """Call off."""
        async with self.db.transaction(a_call("system")) as tx:
            return await tx.peer(ShippingPeer).cancel(tx, order_ids)

    async def a_shipment(self, *, ready: bool = True) -> tuple[UUID, UUID]:
        """(order, shipment), released unless told otherwise."""
        order_id = new_id()
        await self.create({order_id: ADDRESS})
        if ready:
            await self.release(order_id)
        id_ = await self.db.pool.fetchval("SELECT id FROM shipping.shipments WHERE order_id = $1", order_id)
        return order_id, id_

    async def statuses(self) -> dict[UUID, str]:
        """Order to the status of its shipment."""
        return {row[0]: row[1] for row in await self.db.pool.fetch("SELECT order_id, status FROM shipping.shipments")}

    async def told(self) -> list[tuple[str, str]]:
        """(last word of the type, key) of every event, in the order of the log."""
        rows = await self.db.pool.fetch("SELECT type, key FROM runtime.outbox ORDER BY stamp, position")
        return [(row["type"].split(".")[3], row["key"]) for row in rows]


@pytest_asyncio.fixture
async def dock(shop: Any) -> Dock:
    """A dock without shipments."""
    return Dock(shop)
