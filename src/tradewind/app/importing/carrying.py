"""How an import goes about its work: so many at once, patiently while the shop is away, until everything has ended."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from tradewind.app.wiring import Shop
from tradewind.kernel.errors import Conflict, Stale, Unavailable

T = TypeVar("T")
Progress = Callable[[str, int, int], None]
"""Told (stage, done, of how many) as it goes; what it raises stops the import."""
MAX_TRIES: Final = 30
"""How often a command is sent while the shop is away or busy, a second or so apart."""
PATIENCE_S: Final = 120.0
"""How long nothing may move before the import gives up waiting; running it again carries on."""
LOOK_EVERY_S: Final = 0.1
"""Shortest time between two looks at what has not ended."""


class Stalled(Conflict):
    """Nothing moves any more; see `tradewind saga list`, then run the import again."""


async def patiently(do: Callable[[], Awaitable[T]]) -> T:
    """The answer of `do`, asked again while the shop is away. Everything asked for here may be asked for twice."""
    for tries_left in reversed(range(MAX_TRIES)):
        try:
            return await do()
        except (Unavailable, Stale) as away:
            if not tries_left:
                raise
            await asyncio.sleep(getattr(away, "retry_after_s", 1))
    raise AssertionError


async def each(items: Iterable[T], do: Callable[[T], Awaitable[None]], *, at_once: int) -> None:
    """Do `do` with every item, at most `at_once` at a time. The first one that fails stops the others."""
    left = iter(items)

    async def take() -> None:
        for item in left:
            await do(item)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(take())
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None


async def until_none(shop: Shop, stage: str, count: Callable[[], Awaitable[int]], total: int, tell: Progress) -> None:
    """Look at each ring of the bell, but not too often, until `count` is zero; raises Stalled."""
    loop = asyncio.get_running_loop()
    fewest, since = total, loop.time()
    while left := await patiently(count):
        tell(stage, max(total - left, 0), total)
        if left < fewest:
            fewest, since = left, loop.time()
        if loop.time() - since > PATIENCE_S:
            raise Stalled(stage=stage, left=left)
        rings = shop.bell.rings
        await asyncio.sleep(LOOK_EVERY_S)
        await shop.bell.rung(since=rings)
    tell(stage, total, total)


@asynccontextmanager
async def working(shop: Shop) -> AsyncIterator[None]:
    """Carry the shop's sagas and events meanwhile. Another worker may be at it: they share what is due."""
    stop = asyncio.Event()
    worker = asyncio.create_task(shop.work(stop))
    try:
        yield
    finally:
        stop.set()
        await worker
