"""HTTP/1.1 on one connection, with limits, and the ways to misbehave on it that a web framework would not allow."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, Protocol, cast

import httptools

MAX_REQUEST_BYTES: Final = 16_384
MAX_DRAINED_BYTES: Final = 33_554_432
"""How much of a request that is too long is read and dropped at addresses that answer it in their own words."""
MAX_CONNECTIONS: Final = 2_048
HOLD_S: Final = 600.0
"""How long an answer that never comes is withheld before the connection is reset."""
IDLE_S: Final = 120.0
"""A connection that says nothing for so long, or does not finish its request, is closed."""

_HEAD: Final = "HTTP/1.1 {} {}\r\ncontent-type: application/json\r\ncontent-length: "
_HEADS: Final = {status.value: _HEAD.format(status.value, status.phrase).encode() for status in HTTPStatus}

_PAGE_HEAD: Final = _HEADS[200].replace(b"application/json", b"text/html; charset=utf-8\r\ncache-control: no-store")

_XML_HEAD: Final = b"text/xml; charset=utf-8"

Handle = Callable[["Line", bytes, str, bytes], None]
"""Told the line, the verb, the target and the body; answers by calling the line, now or later.

At an address that drains, a body that is too long comes cut, but longer than MAX_REQUEST_BYTES.
"""


class Line(Protocol):
    """Where an answer goes, or fails to."""

    def answer(self, status: int, body: bytes = b"", *, page: bool = False, xml: bool = False) -> None:
        """Say it."""
        ...

    def hold(self) -> None:
        """Never answer."""
        ...

    def drop(self) -> None:
        """Reset the connection."""
        ...

    def tear(self, body: bytes) -> None:
        """Send half of the answer, then reset the connection."""
        ...


class Connection(asyncio.Protocol):
    """One request at a time; a client that pipelines is turned away."""

    def __init__(self, handle: Handle, open_connections: "set[Connection]", drains: bytes) -> None:
        self._handle = handle
        self._drains = drains
        self._open = open_connections
        self._loop = asyncio.get_running_loop()
        self._busy = self._complete = False
        self._size = self._begun = 0
        self._target = self._body = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to listen; one connection too many is reset."""
        self._transport = cast(asyncio.Transport, transport)
        self._parser: Any = httptools.HttpRequestParser(self)
        self._open.add(self)
        self._active_at = self._loop.time()
        self._timer = self._loop.call_later(IDLE_S, self._watch)
        if len(self._open) > MAX_CONNECTIONS:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it. An answer still to come is dropped; what it says is in the books."""
        self._timer.cancel()
        self._open.discard(self)

    def data_received(self, data: bytes) -> None:
        """Some bytes of a request; too many of them, or strange ones, end the connection."""
        self._size += len(data)
        if self._busy:
            self._transport.abort()
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._turn_away(400)
            return
        if self._size > (MAX_DRAINED_BYTES if self._target.startswith(self._drains) else MAX_REQUEST_BYTES):
            self._turn_away(413)
        elif self._begun > 1:
            self._turn_away(400)
        elif self._complete:
            self._begun, self._complete, self._busy = 0, False, True
            self._handle(self, self._parser.get_method(), self._target.decode("latin-1"), self._body)

    def on_message_begin(self) -> None:
        """A request starts."""
        self._begun += 1
        self._target = b""
        self._body = b""

    def on_url(self, url: bytes) -> None:
        """A piece of the target."""
        self._target += url

    def on_body(self, body: bytes) -> None:
        """A piece of the body; what follows on too much is dropped."""
        if len(self._body) <= MAX_REQUEST_BYTES:
            self._body += body

    def on_message_complete(self) -> None:
        """A whole request."""
        self._complete = True
        self._keeps_alive = self._parser.should_keep_alive()

    def answer(self, status: int, body: bytes = b"", *, page: bool = False, xml: bool = False) -> None:
        """Say it, and listen again. A `page` is for people, and 200."""
        if self._transport.is_closing():
            return
        self._busy, self._size = False, 0
        self._active_at = self._loop.time()
        head = _PAGE_HEAD if page else _HEADS[status].replace(b"application/json", _XML_HEAD) if xml else _HEADS[status]
        self._transport.write(b"%b%d\r\n\r\n%b" % (head, len(body), body))
        if not self._keeps_alive:
            self._transport.close()

    def hold(self) -> None:
        """Never answer."""
        self._timer.cancel()
        if not self._transport.is_closing():
            self._timer = self._loop.call_later(HOLD_S, self._transport.abort)

    def drop(self) -> None:
        """Reset the connection."""
        self._transport.abort()

    def tear(self, body: bytes) -> None:
        """Send half of the answer, then reset the connection."""
        if not self._transport.is_closing():
            self._transport.write(b"%b%d\r\n\r\n%b" % (_HEADS[200], len(body), body[: len(body) // 2]))
            self._loop.call_soon(self._transport.abort)

    def _watch(self) -> None:
        """One timer a connection, set again only when it rings: a request costs no timer."""
        rest = IDLE_S if self._busy else self._active_at + IDLE_S - self._loop.time()
        if rest <= 0:
            self._transport.abort()
        else:
            self._timer = self._loop.call_later(rest, self._watch)

    def _turn_away(self, status: int) -> None:
        if not self._transport.is_closing():
            self._transport.write(b"%b0\r\nconnection: close\r\n\r\n" % _HEADS[status])
            self._transport.close()
