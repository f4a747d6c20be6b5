"""What one client keeps open at the gateway: so many streams, so many sockets, and no more handshakes than requests."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from tests.listening import listening
from tradewind.api.auth.tokens import TokenInvalid
from tradewind.api.live import sockets
from tradewind.api.live.talks import Code
from tradewind.api.rest import streams
from tradewind.api.rest.matching import PathTable
from tradewind.api.rest.passing_on import Behind, Gateway, client
from tradewind.api.rest.rates import Rate, RateLimits
from tradewind.runtime.call import Actor

MOST: Final = 2
SOON_S: Final = 30.0
ADDRESSES: Final = ("10.0.0.1", "10.0.0.2")


async def stream(request: web.Request) -> web.StreamResponse:
    """Says something, and then nothing for good."""
    said = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
    await said.prepare(request)
    await said.write(b"data: hello\n\n")
    await asyncio.Event().wait()
    return said


async def echo(request: web.Request) -> web.WebSocketResponse:
    """Says what it is told."""
    ws = web.WebSocketResponse()
    await ws.prepare(request)
    async for message in ws:
        await ws.send_str(message.data)
    return ws


def verify(token: bytes) -> Actor:
    """Know everybody by name."""
    if token == b"nobody":
        raise TokenInvalid
    return Actor(subject=token.decode(), roles=frozenset({"customer"}))


class Asking:
    """One request or socket at the gateway, by what ASGI says of it."""

    def __init__(self, gateway: Gateway, kind: str, path: str, token: str | None, address: str) -> None:
        named = [(b"authorization", b"Bearer " + token.encode())] if token else []
        self._scope = {"type": kind, "method": "GET", "path": path, "query_string": b"", "client": (address, 1)}
        self._scope["headers"] = named
        self.said: asyncio.Queue[Any] = asyncio.Queue()
        self.told: asyncio.Queue[Any] = asyncio.Queue()
        self.task = asyncio.ensure_future(gateway(self._scope, self.said.get, self.told.put))

    async def next(self) -> Any:
        """What it is told next."""
        async with asyncio.timeout(SOON_S):
            return await self.told.get()

    async def say(self, text: str) -> Any:
        """The answer to it."""
        self.said.put_nowait({"type": "websocket.receive", "text": text})
        return await self.next()

    async def leave(self, kind: str) -> None:
        """Be gone."""
        self.said.put_nowait({"type": f"{kind}.disconnect"})
        async with asyncio.timeout(SOON_S):
            await self.task


class Door:
    """A gateway before one that has streams and sockets without a limit."""

    def __init__(self, url: str, ask: aiohttp.ClientSession, rates: Mapping[str, Rate]) -> None:
        table: PathTable[Behind] = PathTable()
        table.add("GET", "/stream", Behind("orders", url, "read"))
        pages: Any = None
        self._gateway = Gateway(table, pages, ask, verify, RateLimits(rates), {"/socket": url})
        self._asked: list[Asking] = []

    async def stream(self, token: str | None = "ada", address: str = ADDRESSES[0]) -> tuple[Asking, int]:
        """One more, and the status of its answer."""
        self._asked.append(one := Asking(self._gateway, "http", "/stream", token, address))
        return one, (await one.next())["status"]

    async def socket(self, token: str | None = "ada", address: str = ADDRESSES[0]) -> tuple[Asking, int | None]:
        """One more, and the code by which it was ended at once, or none."""
        self._asked.append(one := Asking(self._gateway, "websocket", "/socket", token, address))
        one.said.put_nowait({"type": "websocket.connect"})
        assert (await one.next())["type"] == "websocket.accept"
        said = await one.say("7")
        return one, said.get("code")

    def close(self) -> None:
        """Let go of all."""
        for one in self._asked:
            one.task.cancel()


@asynccontextmanager
async def opened(rates: Mapping[str, Rate]) -> AsyncIterator[Door]:
    """A door, as long as it is needed."""
    app = web.Application()
    app.router.add_get("/stream", stream)
    app.router.add_get("/socket", echo)
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(listening(app, patience_s=0.1))
        door = Door(url, await stack.enter_async_context(client()), rates)
        stack.callback(door.close)
        yield door


@pytest_asyncio.fixture
async def door(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    """One that lets everybody have two of each."""
    monkeypatch.setattr(streams, "MAX_PER_CLIENT", MOST)
    monkeypatch.setattr(sockets, "MAX_PER_CLIENT", MOST)
    async with opened({"read": Rate(1_000, 1_000)}) as found:
        yield found


async def test_one_user_has_so_many_streams_and_another_one_when_it_leaves_one(door: Door) -> None:
    first, status = await door.stream()
    assert [status, *[(await door.stream(address=one))[1] for one in ADDRESSES]] == [200, 200, 429]
    assert (await door.stream("ben"))[1] == 200
    await first.leave("http")
    assert (await door.stream())[1] == 200


async def test_who_is_not_named_is_counted_by_the_address(door: Door) -> None:
    assert [(await door.stream(None))[1] for _ in range(3)] == [200, 200, 429]
    assert (await door.stream(None, ADDRESSES[1]))[1] == 200


async def test_one_user_has_so_many_sockets_and_another_one_when_it_leaves_one(door: Door) -> None:
    first, code = await door.socket()
    assert [code, *[(await door.socket(address=one))[1] for one in ADDRESSES]] == [None, None, Code.TOO_MANY]
    assert (await door.socket("ben"))[1] is None
    await first.leave("websocket")
    assert (await door.socket())[1] is None


async def test_a_socket_is_theirs_whom_its_first_message_names(door: Door) -> None:
    names: list[str] = ["ada", "ada", "ben", "ada", "nobody"]
    codes: list[int | None] = []
    for name in names:
        one = Asking(door._gateway, "websocket", "/socket", None, ADDRESSES[0])
        door._asked.append(one)
        one.said.put_nowait({"type": "websocket.connect"})
        assert (await one.next())["type"] == "websocket.accept"
        codes.append((await one.say(json.dumps({"token": name}))).get("code"))
    assert codes == [None, None, None, Code.TOO_MANY, Code.TOKEN]


async def test_a_token_that_is_none_is_told_so_as_behind_the_gateway(door: Door) -> None:
    assert (await door.socket("nobody"))[1] == Code.TOKEN


async def test_handshakes_count_as_requests_do() -> None:
    async with opened({"read": Rate(2, 1_000)}) as door:
        assert [(await door.socket(one))[1] for one in ("ada", "ben", "cyd")] == [None, None, Code.TOO_MANY]
