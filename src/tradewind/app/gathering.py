"""What the gateway's /metrics shows: the figures of every process behind it beside its own, each by its name.

Whoever looks at the shop finds it at one address. A process that does not answer is told as away, and none of its
figures as they were: a counter that stands still says that nothing happened.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Final

import aiohttp

from tradewind.api.rest.pages import Figures, figures_of
from tradewind.api.rest.together import together
from tradewind.app.edge import registry
from tradewind.runtime.telemetry.logs import log

ANSWERS_WITHIN_S: Final = 5.0
"""Half of what Prometheus waits for a page, unless it is told otherwise."""
MAX_PAGE_BYTES: Final = 8 * 1024 * 1024
KEPT_S: Final = 1.0
"""So long one page answers all who ask: many who look at once ask those behind no more than one does."""
Tell = Callable[[], Awaitable[str]]


class Gathered:
    """The page of all who tell theirs, made once for all who ask at the same time."""

    def __init__(self, tellers: Mapping[str, Tell]) -> None:
        self._tellers = tellers
        self._one_at_a_time = asyncio.Lock()
        self._page, self._until_s = b"", 0.0

    async def __call__(self) -> bytes:
        """In Prometheus' text format."""
        clock = asyncio.get_running_loop().time
        async with self._one_at_a_time:
            if clock() >= self._until_s:
                told = await asyncio.gather(*(_told(name, tell) for name, tell in self._tellers.items()))
                self._page = together(dict(zip(self._tellers, told, strict=True))).encode()
                self._until_s = clock() + KEPT_S
            return self._page


async def _told(name: str, tell: Tell) -> str | None:
    try:
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            return await tell()
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as failure:
        log.warning("figures are not told", part=name, why=type(failure).__name__)
        return None


def gathered(own: str, behind: Mapping[str, str], ask: aiohttp.ClientSession) -> Figures:
    """Those of this process, which is called `own`, and of those at the addresses `behind`, by their names."""
    mine = figures_of(registry())

    async def of_this() -> str:
        return (await mine()).decode()

    return Gathered({own: of_this, **{name: partial(_asked, ask, url) for name, url in behind.items()}})


async def _asked(ask: aiohttp.ClientSession, url: str) -> str:
    async with ask.get(f"{url}/metrics") as answer:
        answer.raise_for_status()
        page = bytearray()
        async for chunk in answer.content.iter_any():
            page += chunk
            if len(page) > MAX_PAGE_BYTES:
                raise ValueError("longer than any page of ours")
        return page.decode()
