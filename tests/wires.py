"""A wire between the shop and an engine, which a test can cut, let hang, make slow and mend."""

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
        self.late_s = 0.0
        """By so much whatever the engine says comes later."""
        self.refused = 0
        """How often somebody came while it was cut."""

    @property
    def url(self) -> str:
        """The engine's address, by this wire."""
        user, at, _ = self._url.netloc.rpartition("@")
        return urlunsplit(self._url._replace(netloc=f"{user}{at}127.0.0.1:{self._port}"))

    def cut(self) -> None:
        """Break every connection, and take no more."""
        self._cut = True
        for one in self._open:
            one.close()

    def hang(self) -> None:
        """Take what is sent, and let nothing through."""
        self._flows.clear()

    def mend(self) -> None:
        """Carry again, at once."""
        self._cut, self.late_s = False, 0.0
        self._flows.set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        if self._cut:
            self.refused += 1
            writer.close()
            return
        try:
            there, to_engine = await asyncio.open_connection(*self._to)
        except OSError:  # the engine itself is away
            writer.close()
            return
        self._open |= {writer, to_engine}
        try:
            await asyncio.gather(self._pump(reader, to_engine), self._pump(there, writer, answers=True))
        finally:
            self._open -= {writer, to_engine}

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, answers: bool = False) -> None:
        loop, read = asyncio.get_running_loop(), asyncio.Queue[tuple[float, bytes]]()
        sending = asyncio.create_task(self._send(read, target))
        with suppress(OSError):
            while data := await source.read(CHUNK):
                read.put_nowait((loop.time() + (self.late_s if answers else 0.0), data))
        read.put_nowait((loop.time(), b""))
        await sending

    async def _send(self, read: asyncio.Queue[tuple[float, bytes]], target: asyncio.StreamWriter) -> None:
        """Whatever was read, once its time has come, until there is nothing more."""
        loop = asyncio.get_running_loop()
        with suppress(OSError):
            while True:
                due, data = await read.get()
                if not data:
                    break
                await asyncio.sleep(due - loop.time())
                await self._flows.wait()
                target.write(data)
                await target.drain()
        target.close()

    def listens(self, port: int) -> None:
        """Say where it begins."""
        self._port = port


@asynccontextmanager
async def wire(url: str, port: int = 0) -> AsyncIterator[Wire]:
    """A wire to the engine at `url`, whole at first; it begins at `port`, or at any free one."""
    one = Wire(url)
    server = await asyncio.start_server(one.carry, "127.0.0.1", port)
    one.listens(server.sockets[0].getsockname()[1])
    try:
        yield one
    finally:
        one.mend()
        one.cut()
        server.close()
