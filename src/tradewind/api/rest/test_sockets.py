"""Sockets through the real server: who may speak, what goes over the wire, how they end, and what holds nobody up."""

import asyncio
import socket as plain_sockets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Literal

import aiohttp
import msgspec
import pytest
from granian.constants import Interfaces
from granian.server.embed import Server
from msgspec import Struct
from prometheus_client import CollectorRegistry

from tradewind.api.auth.tokens import TokenExpired, TokenInvalid
from tradewind.api.live import Dispatch, Topic, TopicChannel, TopicFollow, socket, sockets, talks
from tradewind.api.live.talks import MAX_QUEUE, Code
from tradewind.api.rest import Call, create_app
from tradewind.api.rest.app import RestApp
from tradewind.api.rest.rates import RateLimits
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import NotFound
from tradewind.runtime.call import Actor
from tradewind.runtime.reading import Cursor
from tradewind.runtime.subscriptions import Here
from tradewind.runtime.telemetry import metrics

PATIENCE_S = 20.0


class NoSuchRoom(NotFound):
    """There is no such room."""


class Room(Struct, frozen=True, forbid_unknown_fields=True):
    """What may be followed."""

    room: str


class Stand:
    """A server with one kind of socket, and who publishes to it."""

    def __init__(self) -> None:
        self.channel = TopicChannel("rooms")
        self.here = Here({})
        self.here.since = Cursor(0, 5)
        self.token_expired = False
        self.port = 0
        self._position = 0
        self.app: RestApp

    def tell(self, room: str, n: Any) -> None:
        """One more event in a room."""
        self._position += 1
        self.here.at = Cursor(1, self._position)
        self.channel.publish(self.here, "said", {"n": n}, [topic(room)])

    def verify(self, token: bytes) -> Actor:
        """Know everybody but nobody, until tokens have expired."""
        if self.token_expired:
            raise TokenExpired
        if not token:
            raise TokenInvalid
        return Actor(subject=token.decode(), roles=frozenset({"customer"}))

    async def listens(self) -> None:
        """Wait until the server does."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except ConnectionRefusedError:
                    await asyncio.sleep(0.01)
                else:
                    return writer.close()

    @asynccontextmanager
    async def client(self, token: str | None = "ada", **more: Any) -> AsyncIterator["Client"]:
        """Somebody who is connected; with a token in the header, where there is one."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"http://127.0.0.1:{self.port}/ws/rooms", headers=headers, **more) as ws,
        ):
            yield Client(ws)


class Client:
    """One end of a socket."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws

    async def say(self, **said: Any) -> None:
        """Send a message."""
        await self.ws.send_str(msgspec.json.encode(said).decode())

    async def next(self) -> dict[str, Any]:
        """The next frame that is no heartbeat."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                message = await self.ws.receive()
                assert message.type is aiohttp.WSMsgType.TEXT, f"ended: {self.ws.close_code}"
                found: dict[str, Any] = msgspec.json.decode(message.data)
                if found["event"] != "heartbeat":
                    return found

    async def follow(self, room: str, **more: Any) -> None:
        """Follow a room, from the newest on."""
        await self.say(subscribe={"room": room}, **more)
        assert (await self.next())["event"] == "subscribed"

    async def code(self) -> int | None:
        """With which code the other side ended it."""
        async with asyncio.timeout(PATIENCE_S):
            while not self.ws.closed:
                await self.ws.receive()
        return self.ws.close_code


def topic(room: str) -> Topic:
    return Topic(room, {"room": room})


@asynccontextmanager
async def standing(rates: RateLimits | None = None) -> AsyncIterator[Stand]:
    stand = Stand()
    with plain_sockets.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        stand.port = probe.getsockname()[1]

    async def dispatch(command: Command, call: Call) -> Any: ...

    @socket("/ws/rooms")
    async def rooms(wish: Room | Literal["all"], call: Call, dispatch: Dispatch) -> TopicFollow:
        if isinstance(wish, Room) and wish.room == "locked":
            raise NoSuchRoom(room="locked")
        room = wish.room if isinstance(wish, Room) else "all"
        return TopicFollow(
            channel=stand.channel, topic=topic(room), after=stand.channel.last, standing={"who": call.actor.subject}
        )

    app = stand.app = create_app([], verify=stand.verify, dispatch=dispatch, registry=CollectorRegistry(), rates=rates)
    app.socket(rooms)
    server = Server(app, port=stand.port, interface=Interfaces.ASGINL, log_enabled=False, backpressure=256)
    serving = asyncio.create_task(server.serve())
    await stand.listens()
    try:
        yield stand
    finally:
        server.stop()  # type: ignore[no-untyped-call]
        app.close_streams()
        async with asyncio.timeout(PATIENCE_S):
            await serving


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    async with standing() as one:
        yield one


@pytest.mark.parametrize("first", ['{"token": ""}', '{"subscribe": {"room": "a"}}'])
async def test_who_does_not_say_who_they_are_is_told_nothing(stand: Stand, first: str) -> None:
    async with stand.client(token=None) as client:
        await client.ws.send_str(first)
        assert await client.code() == Code.TOKEN
    assert not stand.channel._lines


async def test_who_says_nothing_is_let_go(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "NAMED_WITHIN_S", 0.05)
    async with stand.client(token=None) as client:
        assert await client.code() == Code.UNNAMED


@pytest.mark.parametrize("said", ["", "{", "[]", '{"x": 1}', '{"subscribe": ', "x" * 10_000, b"\x00"])
async def test_what_cannot_be_read_ends_the_socket(stand: Stand, said: Any) -> None:
    async with stand.client() as client:
        await client.next()
        await (client.ws.send_bytes(said) if isinstance(said, bytes) else client.ws.send_str(said))
        assert await client.code() == Code.UNREADABLE


async def test_a_path_that_is_none_of_ours_is_not_answered(stand: Stand) -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(f"http://127.0.0.1:{stand.port}/ws/other")


async def test_a_wish_that_is_refused_says_why_and_the_socket_goes_on(stand: Stand) -> None:
    async with stand.client() as client:
        assert (await client.next())["event"] == "ready"
        for wish, why in (({"room": "locked"}, "/problems/no-such-room"), ({"nowhere": 1}, "/problems/invalid")):
            await client.say(subscribe=wish)
            refused = await client.next()
            assert (refused["event"], refused["subscription"], refused["data"]["type"]) == ("refused", wish, why)
        await client.follow("a")
        await client.next()
        await client.say(subscribe={"room": "a"})
        assert (await client.next())["data"]["type"] == "/problems/already-subscribed"


async def test_the_token_may_come_with_the_first_wish(stand: Stand) -> None:
    async with stand.client(token=None) as client:
        await client.say(token="ben", subscribe="all")
        assert [(await client.next())["event"] for _ in range(2)] == ["ready", "subscribed"]
        assert (await client.next())["data"] == {"who": "ben"}


async def test_each_hears_of_what_they_follow_and_of_nothing_else_until_they_do_no_more(stand: Stand) -> None:
    async with stand.client() as one, stand.client("ben") as other:
        for client, room in ((one, "a"), (other, "b")):
            await client.next()
            await client.follow(room)
            await client.next()
        for n, room in enumerate("abc"):
            stand.tell(room, n)
        assert await one.next() == {"event": "said", "subscription": {"room": "a"}, "id": "1-1", "data": {"n": 0}}
        assert await other.next() == {"event": "said", "subscription": {"room": "b"}, "id": "1-2", "data": {"n": 1}}
        await one.say(unsubscribe={"room": "a"})
        assert await one.next() == {"event": "unsubscribed", "subscription": {"room": "a"}}
        stand.tell("a", 3)
        await one.follow("b", after="1-2")
        stand.tell("b", 4)
        assert (await one.next())["data"] == {"n": 4}


async def test_who_was_away_gets_what_came_since_and_who_was_away_too_long_looks_again(stand: Stand) -> None:
    for n in range(3):
        stand.tell("a", n)
        stand.tell("b", n)
    async with stand.client() as client:
        await client.next()
        await client.say(subscribe={"room": "a"}, after="1-1")
        assert (await client.next())["data"] == {"resumed": True}
        assert [(await client.next())["data"]["n"] for _ in range(2)] == [1, 2]
        for n, unknown in enumerate(("0-0", "", "made up")):
            await client.say(subscribe={"room": f"new {n}"}, after=unknown)
            assert [(await client.next())["event"] for _ in range(3)] == ["subscribed", "reset", "standing"]


async def test_a_topic_that_ends_may_be_asked_for_again(stand: Stand) -> None:
    async with stand.client() as client:
        await client.next()
        await client.follow("a")
        await client.next()
        stand.channel.end(topic("a"), "moved")
        assert await client.next() == {"event": "ended", "subscription": {"room": "a"}, "data": {"why": "moved"}}
        stand.tell("a", 1)
        await client.follow("a")
        assert (await client.next())["event"] == "standing"


async def test_a_socket_ends_with_its_token(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "HEARTBEAT_S", 0.05)
    async with stand.client() as client:
        await client.next()
        await client.follow("a")
        stand.token_expired = True
        assert await client.code() == Code.TOKEN
    async with stand.client() as client:
        assert await client.code() == Code.TOKEN


async def test_limits_hold_for_sockets_of_one_user_subscriptions_and_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "MAX_PER_CLIENT", 1)
    monkeypatch.setattr(sockets, "MAX_SUBSCRIPTIONS", 2)
    monkeypatch.setattr(talks, "MAX_MESSAGES", 8)
    async with standing(RateLimits()) as stand, stand.client() as first:
        await first.next()
        async with stand.client() as second:
            assert await second.code() == Code.TOO_MANY
        async with stand.client("ben") as other:
            assert (await other.next())["event"] == "ready"
        for room in "ab":
            await first.follow(room)
            await first.next()
        await first.say(subscribe={"room": "c"})
        assert (await first.next())["data"]["type"] == "/problems/too-many-subscriptions"
        for _ in range(6):
            await first.say(unsubscribe={"room": "c"})
        assert await first.code() == Code.TOO_MANY


async def test_a_process_that_is_full_lets_nobody_in(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "MAX_SOCKETS", 1)
    async with stand.client() as client:
        await client.next()
        with pytest.raises(aiohttp.WSServerHandshakeError):
            async with stand.client("ben"):
                pass


async def test_a_client_that_does_not_read_is_dropped_and_dozens_of_others_hear_everything(stand: Stand) -> None:
    loud, dropped = "x" * 100_000, metrics.streams_ended_total.labels("/ws/rooms", "too_slow")
    before = dropped._value.get()
    async with AsyncExitStack() as stack:
        quick = aiohttp.ClientWSTimeout(ws_close=0.1)
        stalled = await stack.enter_async_context(stand.client("eve", timeout=quick))
        await stalled.next()
        await stalled.follow("a")
        readers = [await stack.enter_async_context(stand.client(f"u{n}")) for n in range(40)]
        for reader in readers:
            await reader.next()
            await reader.follow("b")
            await reader.next()
        stalled.ws._response.connection.transport.pause_reading()  # type: ignore[union-attr]
        for n in range(MAX_QUEUE * 3):
            stand.tell("a", loud)
            if n % 100 == 0:
                stand.tell("b", n)
                heard = await asyncio.gather(*(reader.next() for reader in readers))
                assert {one["data"]["n"] for one in heard} == {n}
            await asyncio.sleep(0)
        async with asyncio.timeout(PATIENCE_S):
            while dropped._value.get() == before:  # noqa: ASYNC110 -- nobody tells
                await asyncio.sleep(0.01)
        assert "a" not in stand.channel._lines


async def test_the_end_of_the_process_ends_the_sockets_with_a_code_and_opens_none_after(stand: Stand) -> None:
    async with stand.client() as client:
        await client.next()
        stand.app.close_streams()
        assert await client.code() == Code.STOPPING
        with pytest.raises(aiohttp.WSServerHandshakeError):
            async with stand.client():
                pass
