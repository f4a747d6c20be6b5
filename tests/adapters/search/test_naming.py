"""Which indexes of a shop stay when a build of one is named: told by a server that keeps names and nothing else."""

from collections.abc import AsyncIterator

import pytest_asyncio
from aiohttp import web
from opensearchpy import AsyncOpenSearch

from tests.listening import listening
from tradewind.adapters.opensearch.naming import Names

HASTE_S = 0.1


class NamesAlone:
    """The part of OpenSearch that makes, names and removes indexes. `there`: each index's aliases."""

    def __init__(self) -> None:
        self.there: dict[str, set[str]] = {}

    async def make(self, request: web.Request) -> web.Response:
        self.there[request.match_info["name"]] = set()
        return web.json_response({})

    async def template(self, _: web.Request) -> web.Response:
        return web.json_response({})

    async def look(self, request: web.Request) -> web.Response:
        begins = request.match_info["name"].rstrip("*")
        return web.json_response({name: {} for name in self.there if name.startswith(begins)})

    async def change(self, request: web.Request) -> web.Response:
        for action in (await request.json())["actions"]:
            if "add" in action:
                self.there[action["add"]["index"]].add(action["add"]["alias"])
            else:
                del self.there[action["remove_index"]["index"]]
        return web.json_response({})

    def versions(self) -> list[str]:
        """The aliases, one for each index that has one."""
        return sorted(alias for aliases in self.there.values() for alias in aliases)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[tuple[NamesAlone, AsyncOpenSearch]]:
    names, app = NamesAlone(), web.Application()
    app.add_routes(
        [
            web.put("/_index_template/{name}", names.template),
            web.put("/{name}", names.make),
            web.get("/{name}", names.look),
            web.post("/_aliases", names.change),
        ]
    )
    async with listening(app, patience_s=HASTE_S) as url, AsyncOpenSearch([url]) as client:
        yield names, client


async def rebuilt(client: AsyncOpenSearch, version: str) -> None:
    names = Names(client, "products", "shop", version, {}, {})
    await names.name(await names.begin())


async def test_two_releases_of_different_fields_leave_each_other_their_index(
    server: tuple[NamesAlone, AsyncOpenSearch],
) -> None:
    there, client = server
    for version in ("1.1", "2.1", "1.1", "2.1"):
        await rebuilt(client, version)
    assert there.versions() == ["products-shop-v1.1", "products-shop-v2.1"]
    assert len(there.there) == 2


async def test_of_other_versions_only_the_last_one_stays(server: tuple[NamesAlone, AsyncOpenSearch]) -> None:
    there, client = server
    for version in ("1.1", "2.1", "3.1", "2.1"):
        await rebuilt(client, version)
    assert there.versions() == ["products-shop-v2.1", "products-shop-v3.1"]
