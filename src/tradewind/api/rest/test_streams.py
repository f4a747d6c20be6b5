"""Streams through the real server: what goes over the wire, how they end, and that they hold nothing up."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from granian.constants import Interfaces
from granian.server.embed import Server
from msgspec import Struct
from prometheus_client import CollectorRegistry

from tradewind.api.auth.tokens import TokenExpired
from tradewind.api.live import Channel, Follow
from tradewind.api.rest import Call, Route, create_app, streams
from tradewind.api.rest import stream as stream_route
from tradewind.api.rest.app import RestApp
from tradewind.api.rest.openapi import describe
from tradewind.api.rest.rates import RateLimits
from tradewind.contracts.messages import Command
from tradewind.runtime.call import Actor
from tradewind.runtime.reading import Cursor
from tradewind.runtime.subscriptions import Here

STARTED = b'event: started\ndata: {"n":%d}\n\n'


class Started(Struct, frozen=True):
    """Something began."""

    n: int


class Stand:
    """A server with one stream, and who publishes to it."""

    def __init__(self) -> None:
        self.channel = Channel("news")
        self.here = Here({})
        self.token_expired = False
        self.port = 0
        self._position = 0
        self.app: RestApp
        self.server: Server

    def tell(self, n: int) -> None:
        """One more event."""
        self._position += 1
        self.here.at = Cursor(1, self._position)
        self.channel.publish(self.here, "started", Started(n=n))

    def verify(self, token: bytes) -> Actor:
        """Know everybody until the token has expired."""
        if self.token_expired:
            raise TokenExpired
        return Actor(subject=token.decode(), roles=frozenset({"customer"}))

    async def until(self, seen: Callable[[], bool]) -> None:
        """Wait until there is something to see."""
        async with asyncio.timeout(20):
            while not seen():  # noqa: ASYNC110 -- nobody tells
                await asyncio.sleep(0.01)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection, once the server listens."""
        async with asyncio.timeout(20):
            while True:
                try:
                    return await asyncio.open_connection("127.0.0.1", self.port, limit=2**24)
                except ConnectionRefusedError:
                    await asyncio.sleep(0.01)

    def stop(self) -> None:
        """As the edge stops."""
        self.app.close_streams()
        self.server.stop()  # type: ignore[no-untyped-call]

    def routes(self) -> list[Route]:
        """One stream."""

        @stream_route("/sse/news", public=True, events={"started": Started})
        async def news(call: Call) -> Follow:
            """Follow the news."""
            follow = self.channel.follow()
            follow.open_with("standing", Started(n=0))
            return follow

        return [news]


class Client:
    """One connection, read as it comes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.head = b""

    async def until(self, end: bytes) -> bytes:
        """Everything up to and with `end`."""
        async with asyncio.timeout(20):
            return await self.reader.readuntil(end)

    async def rest(self) -> bytes:
        """Everything until the server hangs up."""
        async with asyncio.timeout(20):
            return await self.reader.read()


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    async with standing(None) as one:
        yield one


@asynccontextmanager
async def standing(rates: RateLimits | None) -> AsyncIterator[Stand]:
    one = Stand()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        one.port = probe.getsockname()[1]

    async def dispatch(command: Command, call: Call) -> Any: ...

    one.app = create_app(one.routes(), verify=one.verify, dispatch=dispatch, registry=CollectorRegistry(), rates=rates)
    one.server = Server(one.app, port=one.port, interface=Interfaces.ASGINL, log_enabled=False, backpressure=64)
    serving = asyncio.create_task(one.server.serve())
    try:
        yield one
    finally:
        one.stop()
        async with asyncio.timeout(20):
            await serving


@asynccontextmanager
async def a_client(stand: Stand, **headers: str) -> AsyncIterator[Client]:
    reader, writer = await stand.connect()
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    writer.write(f"GET /sse/news HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n{lines}\r\n".encode())
    client = Client(reader, writer)
    client.head = await client.until(b"\r\n\r\n")
    try:
        yield client
    finally:
        writer.close()


async def test_a_stream_opens_with_how_things_stand_and_goes_on_with_what_happens(stand: Stand) -> None:
    async with a_client(stand) as client:
        assert client.head.startswith(b"HTTP/1.1 200")
        assert b"content-type: text/event-stream" in client.head
        assert b"cache-control: no-store" in client.head
        assert b"retry: " in await client.until(b"\n\n")
        await client.until(b'event: standing\ndata: {"n":0}\n\n')
        stand.tell(1)
        assert b"id: 1-1\n" in await client.until(STARTED % 1)
    await stand.until(lambda: len(stand.channel) == 0)


async def test_a_client_that_comes_back_goes_on_where_it_was(stand: Stand) -> None:
    async with a_client(stand) as client:
        await client.until(b"standing")
        stand.tell(1)
        await client.until(STARTED % 1)
    stand.tell(2)
    async with a_client(stand, Last_Event_ID="1-1") as client:
        came = await client.until(STARTED % 2)
        assert b"standing" not in came
        assert b'"n":1' not in came
    async with a_client(stand, Last_Event_ID="0-0") as client:
        await client.until(STARTED % 2)
    async with a_client(stand, Last_Event_ID="nonsense") as client:
        assert b"event: reset" in await client.until(b"standing")


async def test_a_silent_stream_shows_signs_of_life(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT_S", 0.01)
    async with a_client(stand) as client:
        await client.until(b"standing")
        await client.until(b":\n\n")
        await client.until(b":\n\n")


async def test_a_stream_ends_with_its_token(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT_S", 0.01)
    async with a_client(stand, Authorization="Bearer somebody") as client, a_client(stand) as nobody:
        await client.until(b"standing")
        stand.token_expired = True
        await client.rest()
        await nobody.until(b":\n\n")
        assert len(stand.channel) == 1


async def test_one_address_and_one_user_may_keep_so_many_open_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MAX_PER_CLIENT", 1)
    async with standing(RateLimits()) as stand, a_client(stand) as first, a_client(stand, Authorization="Bearer a"):
        await first.until(b"standing")
        async with a_client(stand) as refused:
            assert refused.head.startswith(b"HTTP/1.1 429")
            assert b"retry-after: 10" in refused.head
            assert b"/problems/too-many-of-yours" in await refused.rest()
        first.writer.close()
        await stand.until(lambda: len(stand.channel) == 1)
        async with a_client(stand) as again:
            await again.until(b"standing")


async def test_a_process_keeps_so_many_open_and_no_more(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MAX_STREAMS", 1)
    async with a_client(stand) as first:
        await first.until(b"standing")
        async with a_client(stand) as refused:
            assert refused.head.startswith(b"HTTP/1.1 503")


async def test_a_client_that_does_not_read_is_cut_off_and_holds_nobody_up(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tradewind.api.live.channel.QUEUE", 20)
    async with a_client(stand) as slow, a_client(stand) as other:
        await slow.until(b"standing")
        await other.until(b"standing")
        slow.writer.transport.pause_reading()  # type: ignore[attr-defined]
        n = 0
        async with asyncio.timeout(30):
            while len(stand.channel) == 2:
                n += 1
                stand.here.at = Cursor(2, n)
                stand.channel.publish(stand.here, "started", {"n": n, "much": "x" * 500_000})
                assert f'"n":{n},'.encode() in await other.until(b'"}\n\n')


async def test_the_end_of_the_process_ends_the_streams_at_once(stand: Stand) -> None:
    async with a_client(stand) as client:
        await client.until(b"standing")
        stand.stop()
        await client.rest()
    assert len(stand.channel) == 0


async def test_a_stream_is_described_with_what_it_tells(stand: Stand) -> None:
    document = describe(stand.routes(), token_url="/token")
    operation = document["paths"]["/sse/news"]["get"]
    content = operation["responses"]["200"]["content"]["text/event-stream"]
    assert content["schema"] == {"type": "string"}
    assert content["x-events"] == {"started": {"$ref": "#/components/schemas/Started"}}
    assert "Last-Event-ID" in [parameter["name"] for parameter in operation["parameters"]]
