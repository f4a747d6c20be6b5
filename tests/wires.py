"""A wire between the shop and an engine, which a test can cut, let hang and mend."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final
from urllib.parse import urlsplit, urlunsplit

CHUNK: Final = 65536


class Wire:
    """Carries bytes from `address` to the engine and back."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname
        assert parts.port
        self._url, self._to = parts, (parts.hostname, parts.port)
        self._open: set[asyncio.StreamWriter] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self._cut = False
        self._port = 0

    @property
    def url(self) -> str:
        """The engine's address, by this wire."""
        return urlunsplit(self._url._replace(netloc=f"127.0.0.1:{self._port}"))

    def cut(self) -> None:
        """Break every connection, and take no more."""
        self._cut = True
        for one in self._open:
            one.close()

    def hang(self) -> None:
        """Take what is sent, and let nothing through."""
        self._flows.clear()

    def mend(self) -> None:
        """Carry again."""
        self._cut = False
        self._flows.set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        if self._cut:
            writer.close()
            return
        there, to_engine = await asyncio.open_connection(*self._to)
        self._open |= {writer, to_engine}
        try:
            await asyncio.gather(self._pump(reader, to_engine), self._pump(there, writer))
        finally:
            self._open -= {writer, to_engine}

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(CHUNK):
                await self._flows.wait()
                target.write(data)
                await target.drain()
        target.close()

    def listens(self, port: int) -> None:
        """Say where it begins."""
        self._port = port


@asynccontextmanager
async def wire(url: str) -> AsyncIterator[Wire]:
    """A wire to the engine at `url`, whole at first."""
    one = Wire(url)
    server = await asyncio.start_server(one.carry, "127.0.0.1", 0)
    one.listens(server.sockets[0].getsockname()[1])
    try:
        yield one
    finally:
        one.mend()
        one.cut()
        server.close()
