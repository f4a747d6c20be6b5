"""Random histories of stock, made through inventory's own doors, and what it told of them."""

from collections.abc import Sequence
from contextlib import suppress
from random import Random
from typing import Any, Final
from uuid import UUID

import msgspec

from tests.shops import Shop, a_call
from tradewind.contexts.catalog._projections.inventory_snapshot import availability
from tradewind.contexts.inventory._subscribers.on_parts_moved import on_parts_moved
from tradewind.contexts.inventory.adjust_stock.command import AdjustStock
from tradewind.contexts.inventory.expire_reservations.timer import expire_reservations
from tradewind.contexts.inventory.manifest import SetBundle
from tradewind.contexts.inventory.transfer_stock.command import ReceiveTransfer, SendTransfer
from tradewind.contracts.envelope import EVENTS
from tradewind.contracts.inventory import Amendment, Delivery, InventoryPeer, InventoryReserved, Wanted
from tradewind.kernel.errors import Refusal
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Tx

PARTS: Final = {"LAMP": 2, "ROPE": 1}
SKUS: Final = (*PARTS, "TENT")
ADMIN: Final = a_call("admin")
NORTH: Final = "INSERT INTO inventory.warehouse (code, name) VALUES ('NORTH', 'North')"
OPEN: Final = "INSERT INTO inventory.inventory_stock (sku, product_id) VALUES ($1, $2)"
OVERDUE: Final = "UPDATE inventory.reservation SET expires_at = now() WHERE order_id = $1 AND state = 'HELD'"
TOLD: Final = """
    SELECT type, payload::text AS payload FROM runtime.outbox WHERE type = ANY($1::text[]) ORDER BY stamp, position
"""
INVENTORY: Final = """
    SELECT sku, product_id, max(version) AS version, sum(on_hand) AS on_hand, sum(reserved) AS reserved,
           sum(on_hand - reserved) AS available
    FROM inventory.inventory_stock WHERE sku NOT IN (SELECT sku FROM inventory.bundle) GROUP BY sku, product_id
    UNION ALL SELECT sku, product_id, version, told, 0, told FROM inventory.bundle ORDER BY sku
"""
SNAPSHOT: Final = """
    SELECT sku, product_id, version, on_hand, reserved, available FROM catalog.availability ORDER BY sku
"""


async def a_history(shop: Shop, seed: int, steps: int = 40) -> None:
    """What happens to a few SKUs in two warehouses, two of them parts of a bundle."""
    await shop.db.pool.execute(NORTH)
    for sku in (*SKUS, "KIT"):
        await shop.db.pool.execute(OPEN, sku, new_id())
    for sku in SKUS:
        await shop.dispatch(AdjustStock(sku=sku, delta=20, reason="delivery"), ADMIN)
    await shop.dispatch(SetBundle(sku="KIT", parts=PARTS), ADMIN)
    history = _History(shop, Random(seed))
    for _ in range(steps):
        await history.step()
    await history.tell_of_bundles()


async def told(shop: Shop) -> list[Any]:
    """The events of the log that the snapshot hears, in their order, also those that nobody else may read yet."""
    found = await shop.db.pool.fetch(TOLD, list(availability.types))
    return [msgspec.json.decode(row["payload"], type=EVENTS[row["type"]]) for row in found]


async def rows(shop: Shop, sql: Any) -> list[tuple[Any, ...]]:
    """What the statement finds."""
    return [tuple(row) for row in await shop.db.pool.fetch(sql)]


class _History:
    def __init__(self, shop: Shop, chance: Random) -> None:
        self._shop, self._chance = shop, chance
        self._orders: list[UUID] = []

    async def step(self) -> None:
        """Whatever comes next; what inventory refuses leaves everything as it was."""
        what = self._chance.choice(
            [self._adjust, self._order, self._order, self._order, self._confirm, self._release, self._expire,
             self._move, self._deliver, self._edit, self.tell_of_bundles]
        )  # fmt: skip
        with suppress(Refusal):
            await what()

    async def tell_of_bundles(self) -> None:
        """As its worker does once it has heard of parts."""
        async with self._shop.db.transaction(ADMIN) as tx:
            await on_parts_moved.react([one for one in await told(self._shop) if hasattr(one, "levels")], tx)

    def _pieces(self) -> dict[str, int]:
        skus = self._chance.sample((*SKUS, "KIT"), self._chance.randint(1, 3))
        return {sku: self._chance.randint(1, 3) for sku in skus}

    def _some(self) -> list[UUID]:
        return self._chance.sample(self._orders, min(len(self._orders), self._chance.randint(1, 3)))

    async def _adjust(self) -> None:
        place, delta = self._chance.choice(("MAIN", "NORTH")), self._chance.choice((-3, -1, 1, 4))
        command = AdjustStock(sku=self._chance.choice(SKUS), delta=delta, reason="count", warehouse=place)
        await self._shop.dispatch(command, ADMIN)

    async def _deliver(self) -> None:
        ids = {row[0]: row[1] for row in await rows(self._shop, INVENTORY)}
        pieces = [Delivery(sku, ids[sku], self._chance.choice((2, 2, -1))) for sku in self._pieces()]
        async with self._shop.db.transaction(ADMIN) as tx:
            await _peer(tx).receive(tx, pieces, reason="delivery")

    async def _order(self) -> None:
        wanted = [Wanted(new_id(), self._pieces()) for _ in range(self._chance.randint(1, 3))]
        async with self._shop.db.transaction(ADMIN) as tx:
            answers = [one for one in await _peer(tx).reserve(tx, wanted) if isinstance(one, InventoryReserved)]
            tx.tell(*answers)
        self._orders += [one.order_id for one in answers]

    async def _confirm(self) -> None:
        async with self._shop.db.transaction(ADMIN) as tx:
            await _peer(tx).confirm(tx, self._some())

    async def _release(self) -> None:
        async with self._shop.db.transaction(ADMIN) as tx:
            await _peer(tx).release(tx, self._some(), "off")
            await _peer(tx).release(tx, self._some(), "off as well")

    async def _expire(self) -> None:
        for order in self._some():
            await self._shop.db.pool.execute(OVERDUE, order)
        async with self._shop.db.transaction(ADMIN) as tx:
            await expire_reservations(tx)

    async def _move(self) -> None:
        ends = self._chance.sample(("MAIN", "NORTH"), 2)
        sent = await self._shop.dispatch(SendTransfer(source=ends[0], target=ends[1], quantities={"TENT": 2}), ADMIN)
        await self._shop.dispatch(ReceiveTransfer(transfer_id=sent.id, came={"TENT": 1}), ADMIN)

    async def _edit(self) -> None:
        for order in self._some()[:1]:
            more = self._chance.choice(SKUS)
            async with self._shop.db.transaction(ADMIN) as tx:
                await _peer(tx).amend(tx, Amendment(order, new_id(), {more: 1}, {}))
            async with self._shop.db.transaction(ADMIN) as tx:
                await _peer(tx).amend(tx, Amendment(order, new_id(), {}, {more: 1}))


def _peer(tx: Tx) -> InventoryPeer:
    return tx.peer(InventoryPeer)


def pieces_of(events: Sequence[Any], chance: Random, *, most: int = 5) -> list[list[Any]]:
    """The events in pieces of up to `most`, as a reader is given them."""
    left, found = list(events), []
    while left:
        number = chance.randint(1, most)
        found.append(left[:number])
        left = left[number:]
    return found
