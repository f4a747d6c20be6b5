"""A partner in a process of its own, as cheap as it can be made: python -m bench.receiver PORT

POST takes a webhook and notes when it came. GET answers with all that came: [[webhook-id, Unix seconds], ...] in the
order of arrival, or with how many there were under /count.
"""

import asyncio
import re
import sys
from typing import Final, cast

import msgspec
import uvloop

from bench.over_http import LOOPBACK
from tradewind.kernel.clock import now

HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_ID: Final = re.compile(rb"webhook-id: (\S+)", re.IGNORECASE)
TAKEN: Final = b"HTTP/1.1 204 No Content\r\n\r\n"

heard: list[tuple[str, float]] = []


class Partner(asyncio.Protocol):
    """One keep-alive connection."""

    def __init__(self) -> None:
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by its type

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None, "connected before it hears"
        self._buffer += data
        while (end := self._buffer.find(HEAD_END)) >= 0:
            length = _LENGTH.search(self._buffer, 0, end)
            whole = end + len(HEAD_END) + (int(length[1]) if length else 0)
            if len(self._buffer) < whole:
                return
            self._transport.write(_answer(self._buffer[:end]))
            self._buffer = self._buffer[whole:]


def _answer(head: bytes) -> bytes:
    if found := _ID.search(head):
        heard.append((found[1].decode(), now().timestamp()))
        return TAKEN
    body = msgspec.json.encode(len(heard) if head.startswith(b"GET /count") else heard)
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


async def listen(port: int) -> None:
    """Until the process is ended."""
    server = await asyncio.get_running_loop().create_server(Partner, LOOPBACK, port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(listen(int(sys.argv[1])))
