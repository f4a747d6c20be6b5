"""Followers: many clients that keep a stream of server-sent events open, and what they heard when."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import msgspec

PATIENCE_S = 60.0


@dataclass(frozen=True)
class Heard:
    """One event: its name, what it says, where it stands in the log, and when it came (the loop's clock)."""

    name: str
    says: Any
    id: str | None
    at_s: float


class Follower:
    """One client that follows."""

    def __init__(self, content: aiohttp.StreamReader) -> None:
        self._content = content

    async def next(self) -> Heard:
        """The next event; comments (heartbeats) and `retry` are passed over."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(PATIENCE_S):
            while True:
                line = (await self._content.readline()).decode()
                assert line, "the server hung up"
                if line == "\n":
                    if "event" in fields:
                        says = msgspec.json.decode(fields["data"])
                        return Heard(fields["event"], says, fields.get("id"), asyncio.get_running_loop().time())
                    fields = {}
                    continue
                name, _, value = line.rstrip("\n").partition(":")
                fields[name] = value.strip()

    async def until(self, name: str, **says: Any) -> Heard:
        """The next event of that name that says so."""
        while True:
            heard = await self.next()
            if heard.name == name and says.items() <= heard.says.items():
                return heard


@asynccontextmanager
async def following(url: str, count: int = 1, last_id: str | None = None) -> AsyncIterator[list[Follower]]:
    """So many clients that follow `url`, each with a connection of its own."""
    headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last_id} if last_id else {})
    timeout = aiohttp.ClientTimeout(total=None)
    async with AsyncExitStack() as stack:
        connector = aiohttp.TCPConnector(limit=0)
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector, timeout=timeout))

        async def connect() -> Follower:
            answer = await session.get(url, headers=headers)
            stack.callback(answer.close)
            assert answer.status == 200, await answer.text()
            return Follower(answer.content)

        yield await asyncio.gather(*(connect() for _ in range(count)))
