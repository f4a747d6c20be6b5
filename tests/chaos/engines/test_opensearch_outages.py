"""OpenSearch loses its index, is killed, slow and cut while people buy: rows go on, and the index catches up alone."""

from typing import Any, Final

import aiohttp
import pytest

from tests.chaos.engines.conftest import OpenScene
from tests.chaos.engines.outages import Faults, Outage, Scene, until
from tests.chaos.engines.processes import EngineProcess
from tests.chaos.engines.visitors import OUTAGE_S
from tests.engines import address
from tests.wires import wire
from tradewind.kernel.ids import new_id

pytestmark = [pytest.mark.engine("opensearch"), pytest.mark.timeout(3_600)]

WAITING: Final = "search_index_waiting"


class Shelf:
    """Products that are made one after the other, and what the search says of them."""

    def __init__(self, scene: Scene, url: str, faults: Faults) -> None:
        self._scene, self._url, self._faults = scene, url, faults
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
        return f"problem search-away, {await self._scene.rises(WAITING, 0.0)}"

    async def killed(self) -> str:
        """The same, and the doctor says it too."""
        return f"{await self.away()}, {await self._scene.unwell(opensearch_url=self._url)}"

    async def all_found(self) -> None:
        """All of them, and the one that was there before: as many as there are rows."""
        for word in self.made:
            await until(lambda word=word: self._finds(word))  # type: ignore[misc]
        assert await self._total("") == len(self.made) + 1
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
        async with http.get("/_cat/indices/products-*?format=json&h=index") as answer:
            names = [one["index"] for one in await answer.json()]
        for name in names:
            async with http.delete(f"/{name}") as answer:
                assert answer.status in (200, 404)


async def test_orders_go_through_whatever_happens_to_opensearch_and_the_index_catches_up(
    open_scene: OpenScene,
) -> None:
    process = EngineProcess("opensearch", address("OPENSEARCH_URL"))
    async with wire(address("OPENSEARCH_URL")) as line, open_scene("opensearch", opensearch_url=line.url) as scene:
        on_the_way = Faults(line)
        shelf = Shelf(scene, line.url, on_the_way)
        await shelf.add()
        await shelf.all_found()
        await scene.suffer(Outage("index deleted", shelf.lose_index, over=shelf.all_found))
        await scene.suffer(Outage("killed", process.kill, process.start, shelf.killed, shelf.all_found, OUTAGE_S))
        await scene.suffer(Outage("300 ms", shelf.slow, on_the_way.whole, over=shelf.all_found))
        await scene.suffer(Outage("cut", on_the_way.cut, on_the_way.whole, shelf.away, shelf.all_found))
