"""Outside parties of tests, on the wire."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web

LOOPBACK: Final = "127.0.0.1"
PATIENCE_S: Final = 60.0
"""So long a party that ends waits for the requests that it is answering."""


@asynccontextmanager
async def listening(app: web.Application, *, patience_s: float = PATIENCE_S) -> AsyncIterator[str]:
    """The address of `app`, on a port of its own, as long as it is needed."""
    runner = web.AppRunner(app, shutdown_timeout=patience_s)
    await runner.setup()
    try:
        await web.TCPSite(runner, LOOPBACK, 0).start()
        yield f"http://{LOOPBACK}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
