"""R19: what 32 clients saw of five shelves could have happened one thing after the other, though edges were killed."""

import asyncio
import random
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, Final

import aiohttp
import pytest

from tests.chaos.linearizability import NEVER, Operation, linearizable
from tests.chaos.nursery import Child
from tests.chaos.served import HOST, ready
from tests.chaos.stands import Stand, dice, seeds
from tests.chaos.stock_clients import Client, Did, Shelf, step
from tradewind.app.free_ports import free_port
from tradewind.contexts.catalog.create_product.command import CreateProduct
from tradewind.contexts.inventory.adjust_stock.command import AdjustStock
from tradewind.runtime.call import internal_call

CLIENTS: Final = 32
OPERATIONS: Final = 2_000
SHELVES: Final = 5
START: Final = Shelf(on_hand=20, reserved=0)
EDGES: Final = 2
KILLS: Final = 4
History = dict[str, list[Operation[Did]]]


class Edges:
    """Edges that are started again at their ports when they were killed."""

    def __init__(self, stand: Stand, bug: str = "") -> None:
        self._stand = stand
        planted = {"PLANTED_BUGS": bug, "TEST_BUILD": "1"} if bug else {}
        self._more = {"PUBLIC_URL": stand.shop.settings.public_url, **planted}
        self._ports = [free_port(HOST) for _ in range(EDGES)]
        self._edges: list[Child] = []
        self.urls = [f"http://{HOST}:{port}" for port in self._ports]

    async def start(self, http: aiohttp.ClientSession) -> None:
        """All of them, up."""
        self._edges = [self._stand.edge(port, **self._more) for port in self._ports]
        for url in self.urls:
            await ready(http, url)

    async def kill_one(self, index: int) -> None:
        """SIGKILL it, wherever it is, and start another in its place."""
        self._edges[index].kill(signal.SIGKILL)
        assert await self._edges[index].ended() == -signal.SIGKILL
        self._edges[index] = self._stand.edge(self._ports[index], **self._more)

    async def stop(self) -> None:
        """End them in good order."""
        for edge in self._edges:
            await edge.stop()


async def shelves(stand: Stand, seed: int) -> History:
    """Five new ones, each with the same number of pieces."""
    call = internal_call("chaos")
    skus = [f"SHELF-{seed}-{number}" for number in range(SHELVES)]
    for sku in skus:
        product = CreateProduct(sku=sku, name=sku.title(), category="sea", amount=Decimal("19.90"), currency="EUR")
        await stand.shop.dispatch(product, call)
        await stand.shop.dispatch(AdjustStock(sku=sku, delta=START.on_hand, reason="opening"), call)
    return {sku: [] for sku in skus}


@asynccontextmanager
async def clients(stand: Stand, edges: Edges, history: History, chance: random.Random) -> AsyncIterator[list[Client]]:
    token = stand.shop.keys.sign(subject="boss", roles=("admin",), scopes=("*",), tenant="default", lifetime_s=600)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as http:
        await edges.start(http)
        many = range(CLIENTS)
        yield [Client(http, edges.urls, token, random.Random(chance.random()), history) for _ in many]


async def happens(stand: Stand, seed: int, *, bug: str = "", kills: int = KILLS, many: int = OPERATIONS) -> History:
    """What the clients did and saw."""
    chance = dice(seed, f"linearizable {bug}")
    history, edges = await shelves(stand, seed), Edges(stand, bug)
    async with clients(stand, edges, history, chance) as crowd:
        done, moved = 0, asyncio.Condition()

        async def busy(client: Client) -> None:
            nonlocal done
            while done < many:
                await client.act()
                async with moved:
                    done += 1
                    moved.notify_all()

        async def strikes() -> None:
            for at in sorted(chance.randrange(many // 10, many * 9 // 10) for _ in range(kills)):
                async with moved:
                    while done < at:
                        await moved.wait()
                await edges.kill_one(chance.randrange(EDGES))

        await asyncio.gather(strikes(), *(busy(client) for client in crowd))
        await edges.stop()
    return history


def refused(history: Mapping[str, list[Operation[Did]]]) -> list[str]:
    """The shelves whose history could not have happened."""
    return [sku for sku, operations in history.items() if not linearizable(operations, START, step)]


def _told(seed: int, history: History, bad: list[str]) -> str:
    every = [one for operations in history.values() for one in operations]
    unknown = sum(one.ended == NEVER for one in every)
    short = sum(one.did.refused for one in every)
    return (
        f"seed {seed}: {len(every)} operations, {short} refused, {unknown} unknown; not linearizable: {bad or 'none'}"
    )


@pytest.mark.timeout(60 + 120 * len(seeds()))
async def test_histories_of_stock_are_linearizable_however_often_edges_die(stand: Stand) -> None:
    print(f"\n{CLIENTS} clients, {SHELVES} shelves, {EDGES} edges, {KILLS} kills a seed")
    failed = []
    for seed in seeds():
        history = await happens(stand, seed)
        failed += (bad := refused(history))
        print(_told(seed, history, bad))
        on_hand = {row["sku"]: Shelf(row["on_hand"], row["reserved"]) for row in await _rows(stand, history)}
        for sku, operations in history.items():  # what there is in the end is what the last reader would have seen
            end = max(one.began for one in operations) + 1e6
            last = Operation(end, end, Did(seen=on_hand[sku]))
            failed += [] if linearizable([*operations, last], START, step) else [f"{sku} ends as {on_hand[sku]}"]
    assert not failed


async def _rows(stand: Stand, history: History) -> list[Any]:
    sql = "SELECT sku, on_hand, reserved FROM inventory.inventory_stock WHERE sku = ANY($1::text[])"
    return list(await stand.shop.db.pool.fetch(sql, list(history)))


async def test_a_lost_update_is_refused(stand: Stand) -> None:
    history = await happens(stand, 1, bug="reserve_without_guard", kills=0, many=400)
    bad = refused(history)
    print("\nplanted reserve_without_guard:", _told(1, history, bad))
    assert bad
