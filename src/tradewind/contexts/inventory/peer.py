"""Try, confirm, cancel (TCC): what other contexts may ask inventory."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from tradewind.contexts.inventory._store import backorders, reservations, stock, warehouses
from tradewind.contexts.inventory.adjust_stock import many
from tradewind.contexts.inventory.amend_reservations.amend import amend
from tradewind.contexts.inventory.await_goods.collect import collect, give_up
from tradewind.contexts.inventory.await_goods.wait import wait
from tradewind.contexts.inventory.confirm_reservations.confirm import confirm
from tradewind.contexts.inventory.release_reservations.release import release
from tradewind.contexts.inventory.reserve_stock.reserve import reserve
from tradewind.contracts.inventory import (
    Amendment,
    Awaited,
    AwaitedGoods,
    Delivery,
    InventoryBackordered,
    InventoryReserved,
    NotEnoughStock,
    ReservationEnded,
    StillAwaited,
    Wanted,
)


class Inventory:
    """Answers to InventoryPeer. `reserve` and `confirm` once in a transaction: what they write goes with its commit."""

    async def reserve(self, tx: Any, wanted: Sequence[Wanted]) -> Sequence[InventoryReserved | NotEnoughStock]:
        """Hold what is wanted, in order of arrival, each order wholly or not at all. The caller tells the events."""
        return await reserve(tx, wanted)

    async def confirm(self, tx: Any, order_ids: Sequence[UUID]) -> frozenset[UUID]:
        """Take held goods out of stock; the orders whose goods are out (those that expired are missing)."""
        return await confirm(tx, order_ids)

    async def receive(self, tx: Any, deliveries: Sequence[Delivery], *, reason: str) -> int:
        """Book what came of many products, each named once; how many were booked."""
        return await many.receive(tx, deliveries, reason=reason)

    async def let_in(self, tx: Any, codes: Collection[str]) -> None:
        """See to it that these stay open until the transaction ends; refuses NoSuchWarehouse and WarehouseClosed."""
        for code in sorted(codes):
            await warehouses.let_in(tx, code)

    async def shipped_from(self, tx: Any, order_id: UUID) -> Mapping[str, str]:
        """The warehouse that each SKU of an order left, or most of its pieces did; what never left any is missing."""
        return await reservations.shipped_from(tx, order_id)

    async def release(self, tx: Any, order_ids: Sequence[UUID], reason: str) -> None:
        """Give back whatever is held or was taken out."""
        await release(tx, order_ids, reason)

    async def amend(self, tx: Any, amendment: Amendment) -> NotEnoughStock | ReservationEnded | None:
        """Let the order hold, or have taken out, what the edit says; None, or why nothing changed."""
        return await amend(tx, amendment)

    async def available(self, tx: Any, skus: Sequence[str]) -> Mapping[str, int]:
        """How many of each SKU could be ordered now; one question, nothing is locked."""
        return await stock.orderable(tx, skus)


class Backorders:
    """Answers to BackordersPeer."""

    async def wait(self, tx: Any, wanted: Sequence[Wanted]) -> Sequence[InventoryBackordered | None]:
        """Put orders into the queues of all their goods; None where one may not be waited for."""
        return await wait(tx, wanted)

    async def collect(
        self, tx: Any, order_ids: Sequence[UUID]
    ) -> Mapping[UUID, InventoryReserved | StillAwaited | ReservationEnded]:
        """Let those orders hold their goods that have all of them by now."""
        return await collect(tx, order_ids)

    async def give_up(self, tx: Any, order_ids: Sequence[UUID], reason: str) -> None:
        """These orders wait no more; what was kept for them is free again."""
        await give_up(tx, order_ids, reason)

    async def awaited(self, tx: Any, order_id: UUID) -> Awaited | None:
        """What an order waits for; None where it does not."""
        rows = await backorders.of_order(tx, order_id)
        if not rows:
            return None
        items = tuple(AwaitedGoods(row["sku"], row["quantity"], row["ready"], row["ahead"]) for row in rows)
        return Awaited(items, rows[0]["until"], max((row["released"] for row in rows if row["released"]), default=None))
