"""An outside party with books of its own and a script.

It takes one word of its script per question and does what the word says: a status to answer with; `lost` (done, but
the answer never comes), `garbage` (done, but the answer cannot be read), `slow` (done, but it never answers). At the
end of the script it does what it is asked.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web

from tests.listening import listening

HASTE_S: Final = 0.1


class Scripted:
    """`asked`: what it was asked, and by which key; `keys`: as whom."""

    def __init__(self) -> None:
        self.script: list[str] = []
        self.asked: list[tuple[str, str]] = []
        self.keys: set[str] = set()
        self.url = ""
        self._never = asyncio.Event()

    async def scripted(
        self, request: web.Request, what: str, key: str, do: Callable[[], web.Response]
    ) -> web.StreamResponse:
        """What it answers to a question about `key`; `do` is the question in earnest."""
        self.asked.append((what, key))
        self.keys.add(request.headers.get("Authorization", ""))
        word = self.script.pop(0) if self.script else ""
        if word.isdecimal():
            return web.Response(status=int(word))
        answer = do()
        if word == "slow":
            await self._never.wait()
        if word == "lost":
            assert request.transport is not None
            request.transport.abort()
        return web.Response(body=b"?") if word == "garbage" else answer

    @asynccontextmanager
    async def listening(self, routes: Sequence[web.AbstractRouteDef]) -> AsyncIterator[None]:
        """On the wire, at `url`."""
        app = web.Application()
        app.add_routes(routes)
        async with listening(app, patience_s=HASTE_S) as self.url:
            try:
                yield
            finally:
                self._never.set()
