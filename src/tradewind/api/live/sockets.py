"""WebSockets: a client says who it is, then what it wants to follow; what happens is told until either side ends it.

    → {"token": "…"}                     unless the Authorization header brought it; may come with the first wish
    ← {"event": "ready", …}
    → {"subscribe": …, "after": "id"}    as often as there is something to follow; `after` is the last id that was seen
    ← {"event": "subscribed", "subscription": …} {"event": "standing", …} {"event": …, "id": …, "data": …} …
    → {"unsubscribe": …}

Each wish is dispatched as a query of its own, so the policy decides about each. A socket ends with a code for why.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Protocol, get_type_hints

import msgspec
from msgspec import UNSET, Raw, UnsetType

from tradewind.api.auth.outside import verified
from tradewind.api.live.channel import Place
from tradewind.api.live.talks import Code, End, Receive, Said, Send, Talk, next_said
from tradewind.api.live.topics import TopicFollow
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Invalid, Refusal, Throttled, Unauthenticated, Unavailable
from tradewind.kernel.ids import new_id, new_trace_id
from tradewind.runtime.call import Actor, Call
from tradewind.runtime.telemetry import metrics
from tradewind.runtime.telemetry.logs import log

HEARTBEAT_S: Final = 15.0
"""Time between two signs of life; tokens are looked at again each time, so a socket outlives its token by no more."""
MAX_SOCKETS: Final = 2_048
"""Sockets that one process keeps open at once."""
MAX_PER_CLIENT: Final = 20
"""Sockets of one user. It counts where rate limits do."""
MAX_SUBSCRIPTIONS: Final = 50
NAMED_WITHIN_S: Final = 10.0
"""A client that has not said by then who it is, is let go."""
CLOSE_WITHIN_S: Final = 1.0
"""Longest that a socket's end waits for a client that does not read."""


class TooManySubscriptions(Throttled):
    """One socket follows only so much."""


class AlreadySubscribed(Invalid):
    """This socket follows it already."""


class Dispatch(Protocol):
    """Hands a command to its handler and brings back the answer."""

    async def __call__(self, command: Command, call: Call) -> Any:
        """The handler's answer, or its refusal."""
        ...


@dataclass(frozen=True, slots=True)
class Socket:
    """What may be followed at one path: `watch(wish, call, dispatch)` hands out a TopicFollow, or refuses."""

    path: str
    watch: Callable[..., Awaitable[TopicFollow]]
    wish: Any


def socket(path: str) -> Callable[[Callable[..., Awaitable[TopicFollow]]], Socket]:
    """Declare the decorated function to answer wishes at `path`; its first parameter says what may be wished."""

    def mark(watch: Callable[..., Awaitable[TopicFollow]]) -> Socket:
        return Socket(path, watch, next(iter(get_type_hints(watch).values())))

    return mark


@dataclass(frozen=True, kw_only=True)
class Door:
    """How sockets find out who somebody is, ask the shop, and put a refusal into words."""

    verify: Callable[[bytes], Actor]
    confirm: Callable[[Actor], Awaitable[None]]
    dispatch: Dispatch
    problem: Callable[[Refusal], Mapping[str, Any]]
    limited: bool


class Sockets:
    """All open sockets of a process."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._declared: dict[str, Socket] = {}
        self._open: set[Talk] = set()
        self._of_user: Counter[str] = Counter()
        self._heart: asyncio.Task[None] | None = None
        self._closed = False

    def __len__(self) -> int:
        return len(self._open)

    def declare(self, one: Socket) -> None:
        """From now on it is answered."""
        self._declared[one.path] = one

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Talk with one client until either side ends it."""
        await receive()
        declared = self._declared.get(scope["path"])
        if declared is None or self._closed or len(self._open) >= MAX_SOCKETS:
            await send({"type": "websocket.close", "code": Code.FULL if declared else Code.NOT_FOUND})
            return
        talk = Talk()
        self._open.add(talk)
        if self._heart is None or self._heart.done():
            self._heart = asyncio.create_task(self._beat())
        gauge = metrics.streams_open.labels(declared.path)
        gauge.inc()
        try:
            await send({"type": "websocket.accept"})
            code = await self._talk(talk, declared, dict(scope["headers"]), receive, send)
        finally:
            gauge.dec()
            self._forget(talk)
        metrics.streams_ended_total.labels(declared.path, code.name.lower()).inc()
        log.info("socket ended", path=declared.path, code=int(code))
        if code is not Code.GONE:
            with suppress(TimeoutError, RuntimeError, OSError):
                async with asyncio.timeout(CLOSE_WITHIN_S):
                    await send({"type": "websocket.close", "code": int(code), "reason": code.name.lower()})

    def close(self) -> None:
        """End all sockets; clients come back, to another process or to this one's successor. None is opened after."""
        self._closed = True
        for talk in [*self._open]:
            talk.end(Code.STOPPING)

    async def _talk(
        self, talk: Talk, declared: Socket, headers: Mapping[bytes, bytes], receive: Receive, send: Send
    ) -> Code:
        tasks = [
            asyncio.create_task(talk.write(send)),
            asyncio.create_task(self._listen(talk, declared, headers.get(b"authorization"), receive)),
        ]
        try:
            ends: set[asyncio.Future[Any]] = {*tasks, talk.over}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        if talk.over.done():
            return talk.over.result()
        for broken in results:
            if isinstance(broken, End):
                return broken.code
            if isinstance(broken, Exception):
                log.warning("socket broke", error=repr(broken))
                return Code.BROKEN
        return Code.GONE

    async def _listen(self, talk: Talk, declared: Socket, authorization: bytes | None, receive: Receive) -> None:
        try:
            async with asyncio.timeout(NAMED_WITHIN_S):
                said = await self._named(talk, authorization, receive)
        except TimeoutError:
            raise End(Code.UNNAMED) from None
        talk.say("ready", {"heartbeatS": HEARTBEAT_S})
        while True:
            if said is not None:
                await self._heed(talk, declared, said)
            said = await next_said(talk, receive)

    async def _named(self, talk: Talk, authorization: bytes | None, receive: Receive) -> Said | None:
        """Find out who it is, by the header or the first message; that message, where it may say more."""
        scheme, _, token = (authorization or b"").partition(b" ")
        said = None
        if scheme.lower() != b"bearer":
            said = await next_said(talk, receive)
            token = said.token.encode() if said.token is not UNSET else b""
        try:
            actor = await verified(self._door.verify, token.strip())
            await self._door.confirm(actor)
        except Unauthenticated:
            raise End(Code.TOKEN) from None
        except Unavailable:
            raise End(Code.FULL) from None
        if self._door.limited and self._of_user[actor.subject] >= MAX_PER_CLIENT:
            raise End(Code.TOO_MANY)
        self._of_user[actor.subject] += 1
        talk.actor, talk.token = actor, token.strip()
        return said

    async def _heed(self, talk: Talk, declared: Socket, said: Said) -> None:
        if said.unsubscribe is not UNSET:
            label = msgspec.json.decode(said.unsubscribe)
            for follow in [one for one in talk.follows.values() if one.topic.label == label]:
                follow.channel.leave(talk, follow.topic)
                talk.drop(follow.topic)
                talk.say("unsubscribed", subscription=label)
        if said.subscribe is not UNSET:
            try:
                await self._subscribe(talk, declared, said.subscribe, said.after)
            except Unauthenticated:
                raise End(Code.TOKEN) from None
            except Refusal as refusal:
                talk.say("refused", self._door.problem(refusal), said.subscribe)

    async def _subscribe(self, talk: Talk, declared: Socket, raw: Raw, after: str | UnsetType) -> None:
        try:
            wish = msgspec.json.decode(raw, type=declared.wish)
        except msgspec.ValidationError as error:
            raise Invalid(str(error)) from None
        if len(talk.follows) >= MAX_SUBSCRIPTIONS:
            raise TooManySubscriptions(limit=MAX_SUBSCRIPTIONS)
        assert talk.actor is not None, "named before"
        await self._door.confirm(self._door.verify(talk.token))
        call = Call(actor=talk.actor, correlation_id=str(new_id()), trace_id=new_trace_id(), route=declared.path)
        follow = await declared.watch(wish, call, self._door.dispatch)
        if follow.topic.key in talk.follows:
            raise AlreadySubscribed
        talk.follows[follow.topic.key] = follow
        at = None if after is UNSET else Place.parse(after.encode())
        follow.channel.enter(talk, follow, at, resumes=after is not UNSET)

    def _forget(self, talk: Talk) -> None:
        talk.leave()
        self._open.discard(talk)
        if talk.actor is not None:
            self._of_user[talk.actor.subject] -= 1
            if not self._of_user[talk.actor.subject]:
                del self._of_user[talk.actor.subject]
        if not self._open and self._heart is not None:
            self._heart.cancel()
            self._heart = None

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            for talk in [*self._open]:
                talk.messages = 0
                if talk.actor is None:
                    continue
                try:
                    self._door.verify(talk.token)
                except Unauthenticated:
                    talk.end(Code.TOKEN)
                else:
                    talk.say("heartbeat")
