"""The gateway's way to those behind it: one that says nothing takes no room from others, and nobody waits for any."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import httpx2
import pytest
import pytest_asyncio
from aiohttp import web

from tests.listening import listening
from tradewind.api.rest import passing_on
from tradewind.api.rest.matching import PathTable
from tradewind.api.rest.passing_on import Behind, Gateway, client

ROOM: Final = 2
SOON_S: Final = 30.0
"""Far longer than it may take to find out that there is no room, and far shorter than anyone may be silent."""


class Behindhand:
    """Whom requests are passed on to: it counts those that came, and answers once it may."""

    def __init__(self) -> None:
        self.came = asyncio.Semaphore(0)
        self.may = asyncio.Event()

    async def answer(self, _request: web.Request) -> web.Response:
        """Say that it is well, sooner or later."""
        self.came.release()
        await self.may.wait()
        return web.Response(text="well")

    @asynccontextmanager
    async def listens(self, path: str) -> AsyncIterator[str]:
        """Its address."""
        app = web.Application()
        app.router.add_get(path, self.answer)
        async with listening(app) as url:
            yield url
            self.may.set()


async def nothing_else(*_: Any) -> None:
    raise AssertionError("only what is passed on is asked for")


@pytest_asyncio.fixture
async def behind() -> AsyncIterator[tuple[httpx2.AsyncClient, Mapping[str, Behindhand]]]:
    """A gateway, and two behind it."""
    parts = {"orders": Behindhand(), "catalog": Behindhand()}
    table: PathTable[Behind] = PathTable()
    async with AsyncExitStack() as stack:
        for name, part in parts.items():
            url = await stack.enter_async_context(part.listens(f"/{name}"))
            table.add("GET", f"/{name}", Behind(name, url, "read"))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(passing_on, "MAX_CONNECTIONS", ROOM)
            ask = await stack.enter_async_context(client())
        pages: Any = nothing_else
        verify: Any = nothing_else
        transport: Any = httpx2.ASGITransport(app=Gateway(table, pages, ask, verify))
        http = httpx2.AsyncClient(transport=transport, base_url="http://gateway.test", timeout=None)
        yield await stack.enter_async_context(http), parts


async def test_one_that_says_nothing_takes_no_room_from_others_and_is_away_once_its_own_is_full(
    behind: tuple[httpx2.AsyncClient, Mapping[str, Behindhand]],
) -> None:
    http, parts = behind
    silent, other = parts["orders"], parts["catalog"]
    other.may.set()
    waiting = [asyncio.create_task(http.get("/orders")) for _ in range(ROOM)]
    for _ in waiting:
        await silent.came.acquire()
    async with asyncio.timeout(SOON_S):
        assert (await http.get("/catalog")).text == "well"
        one_more = await http.get("/orders")
    assert (one_more.status_code, one_more.json()["type"]) == (503, "/problems/context-away")
    silent.may.set()
    assert [(await one).text for one in waiting] == ["well"] * ROOM
    assert (await http.get("/orders")).text == "well"


async def test_what_connection_names_goes_no_further_either_way() -> None:
    came: list[Mapping[str, str]] = []

    async def answer(request: web.Request) -> web.Response:
        came.append(request.headers)
        return web.Response(headers={"Connection": "X-Of-The-Hop, close", "X-Of-The-Hop": "1", "X-Answer": "2"})

    app = web.Application()
    app.router.add_get("/orders", answer)
    table: PathTable[Behind] = PathTable()
    never: Any = nothing_else
    async with listening(app) as url, client() as ask:
        table.add("GET", "/orders", Behind("orders", url, "read"))
        transport: Any = httpx2.ASGITransport(app=Gateway(table, never, ask, never))
        async with httpx2.AsyncClient(transport=transport, base_url="http://gateway.test") as http:
            named = {"Connection": "keep-alive, X-Mine", "X-Mine": "1", "X-Asked": "2"}
            said = await http.get("/orders", headers=named)
    assert ("x-mine" in came[0], came[0].get("x-asked")) == (False, "2")
    assert ("x-of-the-hop" in said.headers, said.headers.get("x-answer")) == (False, "2")
