"""Partners for tests: a server on the wire that takes webhooks, answers as it was told to, and keeps what it heard."""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from aiohttp import web

from tests.listening import listening


class Heard(NamedTuple):
    """One message as it arrived."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """Its webhook-id."""
        return self.headers["webhook-id"]

    @property
    def at(self) -> datetime:
        """Its webhook-timestamp."""
        return datetime.fromtimestamp(int(self.headers["webhook-timestamp"])).astimezone()

    @property
    def sequence(self) -> int:
        """Its number."""
        return int(self.headers["X-BV-Sequence"])

    @property
    def event(self) -> dict[str, Any]:
        """What it says."""
        said: dict[str, Any] = msgspec.json.decode(self.body)
        return said


@dataclass
class Partners:
    """Each path is a partner of its own. `down`: what it answers to everything; `next`: what it answers first."""

    url: str = ""
    down: dict[str, int] = field(default_factory=dict)
    next: dict[str, deque[tuple[int, dict[str, str]]]] = field(default_factory=lambda: defaultdict(deque))
    heard: dict[str, list[Heard]] = field(default_factory=lambda: defaultdict(list))
    silent: set[str] = field(default_factory=set)
    """Paths that take a message and hang up without an answer."""

    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    """Paths that answer once their gate is open."""
    holds: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Paths that answer the message of the first number once that of the second has come."""
    _came: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def take(self, request: web.Request) -> web.StreamResponse:
        """POST anywhere."""
        name = request.path.strip("/")
        await self._hear(name, Heard(dict(request.headers), await request.read()))
        if name in self.gates:
            await self.gates[name].wait()
        if name in self.silent:
            assert request.transport, "still there"
            request.transport.abort()
        status, headers = self.next[name].popleft() if self.next[name] else (self.down.get(name, 204), {})
        return web.Response(status=status, headers=headers)

    async def _hear(self, name: str, message: Heard) -> None:
        heard, (held, other) = self.heard[name], self.holds.get(name, (0, 0))
        async with self._came:
            heard.append(message)
            self._came.notify_all()
            if held and message.sequence == held:
                await self._came.wait_for(lambda: any(one.sequence == other for one in heard))


@asynccontextmanager
async def partners() -> AsyncIterator[Partners]:
    """A server on this machine, as long as it is needed."""
    scripted = Partners()
    application = web.Application()
    application.router.add_post("/{name}", scripted.take)
    async with listening(application) as scripted.url:
        yield scripted
