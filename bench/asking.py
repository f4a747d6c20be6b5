"""Reads in a process of its own, as cheap as they can be made: requests are written before the clock starts.

Reads an Errand from standard input, writes a Run to standard output: python -m bench.asking < errand > run
"""

import asyncio
import re
import sys
from collections import deque
from collections.abc import Sequence
from time import perf_counter
from typing import Final, cast

import msgspec
import uvloop
from msgspec import Struct

from tradewind.app.bench.driving import Run, run_of

HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


class Errand(Struct, frozen=True, kw_only=True):
    """What to GET: `paths` in turn, `count` times in all, each connection asking on as soon as it has its answer."""

    port: int
    paths: Sequence[str]
    count: int
    connections: int = 32


class Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request under way."""

    def __init__(self, asking: "Asking") -> None:
        self._asking = asking
        self._buffer = b""
        self._asked_at = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by its type

    def connection_lost(self, exc: Exception | None) -> None:
        self._asking.fail("a connection was lost")

    def ask(self, request: bytes) -> None:
        """Send; the answer is waited for from now on."""
        assert self._transport is not None, "connected before it is asked"
        self._asked_at = perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        data = self._buffer + data
        end = data.find(HEAD_END)
        length = _LENGTH.search(data, 0, end) if end >= 0 else None
        if length is None or len(data) < end + len(HEAD_END) + int(length[1]):
            self._buffer = data
            return
        self._buffer = b""
        if data[9:12] != b"200":
            self._asking.fail(data[:500].decode("latin-1"))
        self._asking.answered(self, perf_counter() - self._asked_at)


class Asking:
    """All of one errand."""

    def __init__(self, errand: Errand) -> None:
        heads = [f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{errand.port}\r\n\r\n".encode() for path in errand.paths]
        self._requests = deque(heads[n % len(heads)] for n in range(errand.count))
        self._errand = errand
        self._waited_s: list[float] = []
        self._failure = ""
        self._done = asyncio.Event()

    async def run(self) -> Run:
        """Ask everything and wait for the last answer."""
        loop = asyncio.get_running_loop()
        connections = []
        for _ in range(self._errand.connections):
            _, connection = await loop.create_connection(lambda: Connection(self), "127.0.0.1", self._errand.port)
            connections.append(connection)
        began = perf_counter()
        for connection in connections:
            connection.ask(self._requests.popleft())
        await self._done.wait()
        seconds = perf_counter() - began
        if self._failure:
            sys.exit(self._failure)
        return run_of(seconds, self._waited_s)

    def answered(self, connection: Connection, waited_s: float) -> None:
        """Note how long it took and let the connection ask on."""
        self._waited_s.append(waited_s)
        if len(self._waited_s) == self._errand.count:
            self._done.set()
        elif self._requests:
            connection.ask(self._requests.popleft())

    def fail(self, why: str) -> None:
        """The whole run is void."""
        if not self._done.is_set():
            self._failure = why
            self._done.set()


async def main() -> None:
    """One errand in, one run out."""
    errand = msgspec.json.decode(sys.stdin.buffer.read(), type=Errand)
    sys.stdout.buffer.write(msgspec.json.encode(await Asking(errand).run()))


if __name__ == "__main__":
    uvloop.run(main())
