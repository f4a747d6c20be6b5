"""OpenSearch loses its indexes, is killed, slow and cut while people buy: rows go on, and they catch up alone."""

from contextlib import AsyncExitStack
from typing import Any, Final

import aiohttp
import asyncpg
import pytest

from tests.adapters.order_lists.test_parity import checksum
from tests.adapters.order_search.conftest import an_index
from tests.adapters.order_search.test_parity import ROWS, rows_of
from tests.chaos.engines.conftest import OpenScene
from tests.chaos.engines.outages import Faults, Outage, Scene, until
from tests.chaos.engines.processes import EngineProcess
from tests.chaos.engines.visitors import OUTAGE_S
from tests.engines import address
from tests.wires import wire
from tradewind.app.wiring import WHICH
from tradewind.kernel.ids import new_id

pytestmark = [pytest.mark.engine("opensearch"), pytest.mark.timeout(3_600)]

WAITING: Final = "search_index_waiting"
AWAY: Final = "order_search_away"
MISSED: Final = "order_search_missed_total"


class Orders:
    """What staff finds, in the books and in the index `there`."""

    def __init__(self, scene: Scene, books: Any, there: Any) -> None:
        self._scene, self._books, self._there = scene, books, there

    async def away(self) -> str:
        """The shop says that it does without; whoever searches is answered all the same."""
        missed = await self._scene.metric(MISSED)
        url = f"{self._scene.served.url}/api/v1/orders/search"
        async with self._scene.http.get(url, headers=await self._scene.admin()) as answer:
            said: Any = await answer.json()
            assert (answer.status, bool(said["items"])) == (200, True), said
        return f"{await self._scene.shows(AWAY, 1.0)}, {await self._scene.rises(MISSED, missed)}"

    async def have_all(self) -> None:
        """The index has every order that the books list by now."""
        await self._scene.shows(AWAY, 0.0)
        listed = {row[0] for row in await self._books.fetch(ROWS)}

        async def are_there() -> bool:
            return listed <= {row[0] for row in await rows_of(self._there)}

        await until(are_there)

    async def are_the_same(self) -> None:
        """Row by row, once nothing is told any more."""

        async def same() -> bool:
            rows = checksum([tuple(row) for row in await self._books.fetch(ROWS)])
            return rows == checksum(await rows_of(self._there))

        await until(same)


class Shelf:
    """Products that are made one after the other, and what the search says of them."""

    def __init__(self, scene: Scene, url: str, faults: Faults, orders: Orders) -> None:
        self._scene, self._url, self._faults, self._orders = scene, url, faults, orders
        self._search = f"{scene.served.url}/api/v1/products/search"
        self.made = list[str]()

    async def add(self) -> None:
        """One more, named by a word that no other has."""
        scene, word = self._scene, f"w{new_id().hex}"
        headers = await scene.admin()
        product = {"sku": word, "name": word, "category": "things", "price": {"amount": 2.5, "currency": "EUR"}}
        async with scene.http.post(f"{scene.served.url}/api/v1/products", json=product, headers=headers) as answer:
            assert answer.status == 201, await answer.text()
        self.made.append(word)

    async def lose_index(self) -> None:
        """Somebody deletes it, and the next product is made."""
        await delete_indexes()
        await self.add()

    async def slow(self) -> None:
        """The next product is made while every answer of the engine is late."""
        await self._faults.slow()
        await self.add()

    async def away(self) -> str:
        """Search says so itself, and so does the metric once something waits for the index."""
        await until(self._says_so)
        await self.add()
        products = f"problem search-away, {await self._scene.rises(WAITING, 0.0)}"
        return f"{products}, {await self._orders.away()}"

    async def killed(self) -> str:
        """The same, and the doctor says it too."""
        return f"{await self.away()}, {await self._scene.unwell(opensearch_url=self._url)}"

    async def all_found(self) -> None:
        """All of them, and the one that was there before: as many as there are rows."""
        for word in self.made:
            await until(lambda word=word: self._finds(word))  # type: ignore[misc]
        assert await self._total("") == len(self.made) + 1
        await self._orders.have_all()
        await self._scene.well(opensearch_url=self._url)

    async def _finds(self, word: str) -> bool:
        return await self._total(word) == 1 and await self._scene.metric(WAITING) == 0

    async def _total(self, text: str) -> int:
        async with self._scene.http.get(self._search, params={"q": text}) as answer:
            return int((await answer.json())["total"]) if answer.status == 200 else -1

    async def _says_so(self) -> bool:
        async with self._scene.http.get(self._search) as answer:
            said: Any = await answer.json()
            return answer.status == 503 and said["type"].endswith("/search-away")


async def delete_indexes() -> None:
    """As an operator might, from outside."""
    async with aiohttp.ClientSession(address("OPENSEARCH_URL")) as http:
        async with http.get("/_cat/indices/products-*,orders-*?format=json&h=index") as answer:
            names = [one["index"] for one in await answer.json()]
        for name in names:
            async with http.delete(f"/{name}") as answer:
                assert answer.status in (200, 404)


async def test_orders_go_through_whatever_happens_to_opensearch_and_the_index_catches_up(
    open_scene: OpenScene,
) -> None:
    process = EngineProcess("opensearch", address("OPENSEARCH_URL"))
    async with (
        wire(address("OPENSEARCH_URL")) as line,
        AsyncExitStack() as after,  # what the scene looks at once more at its end
        open_scene("opensearch", opensearch_url=line.url) as scene,
    ):
        books: Any = await asyncpg.connect(scene.engines.database_url)
        after.push_async_callback(books.close)
        there = await after.enter_async_context(an_index(await books.fetchval(WHICH)))
        on_the_way, orders = Faults(line), Orders(scene, books, there)
        shelf = Shelf(scene, line.url, on_the_way, orders)
        scene.settled = orders.are_the_same
        await shelf.add()
        await shelf.all_found()
        await scene.suffer(Outage("index deleted", shelf.lose_index, over=shelf.all_found))
        await scene.suffer(Outage("killed", process.kill, process.start, shelf.killed, shelf.all_found, OUTAGE_S))
        await scene.suffer(Outage("300 ms", shelf.slow, on_the_way.whole, over=shelf.all_found))
        await scene.suffer(Outage("cut", on_the_way.cut, on_the_way.whole, shelf.away, shelf.all_found))
