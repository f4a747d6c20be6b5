"""Crowds: many buyers at once, over a bounded number of sockets, and what they were told."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

CONNECTIONS = 192


@dataclass(frozen=True)
class Wish:
    """One request of one buyer. `url` is the edge that is asked."""

    url: str
    token: str
    body: Mapping[str, Any]
    key: str | None = None
    path: str = "/api/v1/orders"


@dataclass(frozen=True)
class Told:
    """What one buyer was told."""

    wish: Wish
    status: int
    body: bytes
    headers: Mapping[str, str]


@asynccontextmanager
async def sockets(connections: int = CONNECTIONS) -> AsyncIterator[aiohttp.ClientSession]:
    """At most so many connections to all edges together."""
    connector = aiohttp.TCPConnector(limit=connections)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=120)) as session:
        yield session


async def place(session: aiohttp.ClientSession, wish: Wish) -> Told:
    """Place one order, or check one cart out."""
    headers = {"Authorization": f"Bearer {wish.token}"}
    if wish.key is not None:
        headers["Idempotency-Key"] = wish.key
    async with session.post(wish.url + wish.path, json=wish.body, headers=headers) as answer:
        return Told(wish, answer.status, await answer.read(), dict(answer.headers))


async def all_at_once(wishes: Iterable[Wish]) -> Sequence[Told]:
    """Everybody asks at the same moment; the answers in the order of the wishes."""
    async with sockets() as session:
        return await asyncio.gather(*(place(session, wish) for wish in wishes))


async def by_workers(wishes: Iterable[Wish], workers: int) -> Sequence[Told]:
    """So many workers take one wish after the other."""
    queue, told = iter(wishes), list[Told]()

    async def work(session: aiohttp.ClientSession) -> None:
        for wish in queue:
            told.append(await place(session, wish))

    async with sockets(workers) as session:
        await asyncio.gather(*(work(session) for _ in range(workers)))
    return told


def statuses(told: Sequence[Told]) -> dict[int, int]:
    """How often each status was answered."""
    return dict(Counter(one.status for one in told))
