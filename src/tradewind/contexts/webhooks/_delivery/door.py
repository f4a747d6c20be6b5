"""The way out to partners: the address that is dialled is the one that was checked, and nothing is followed.

Spoken by aiohttp, which asks for each socket with the address it is for: whatever a name resolves to, and however often
that changes, the check stands between the answer and the connection
(docs/decisions/0026-let-webhooks-read-the-log-themselves.md).
"""

import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from typing import Any, Final

import aiohttp
from msgspec import Struct

from tradewind.contexts.webhooks._domain.addresses import may_dial
from tradewind.kernel.clock import now

TIMEOUT_S: Final = 15.0
"""How long a partner may take to answer."""
MAX_CONNECTIONS: Final = 1_024
MAX_ANSWER_BYTES: Final = 4_096
"""As much of an answer's body is read, so that the connection can be used again; the rest is hung up on."""
GONE: Final = 410
HEADERS: Final = {"Content-Type": "application/json", "User-Agent": "Tradewind-Webhooks/1", "Accept": "*/*"}


class RefusedAddressError(OSError):
    """The partner's name leads to an address that is not public."""


class Answer(Struct, frozen=True):
    """What became of one attempt. `code` is None where there was no answer."""

    code: int | None
    outcome: str
    retry_after_s: int = 0

    @property
    def taken(self) -> bool:
        """Only 2xx is."""
        return self.code is not None and 200 <= self.code < 300


class Door:
    """Posts to partners. `allowed`: networks that are dialled although they are not public."""

    def __init__(self, allowed: Sequence[str], timeout_s: float = TIMEOUT_S) -> None:
        self.allowed = tuple(allowed)
        self.timeout_s = timeout_s
        self._session: aiohttp.ClientSession | None = None

    def _socket(self, addr_info: Any) -> socket.socket:
        family, kind, proto, _, address = addr_info
        if not may_dial(address[0], self.allowed):
            raise RefusedAddressError("the address is not public")
        return socket.socket(family=family, type=kind, proto=proto)

    def _opened(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=MAX_CONNECTIONS, use_dns_cache=False, socket_factory=self._socket, keepalive_timeout=5
        )
        return aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False, trust_env=False,
            headers=HEADERS, skip_auto_headers=("Accept-Encoding",),
            timeout=aiohttp.ClientTimeout(total=self.timeout_s),
        )  # fmt: skip

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """One attempt. It never raises for what a partner does."""
        if self._session is None:
            self._session = self._opened()
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                await answer.content.read(MAX_ANSWER_BYTES)
                return Answer(answer.status, f"HTTP {answer.status}", _retry_after_s(answer))
        except TimeoutError:
            return Answer(None, "no answer in time")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            refused = isinstance(getattr(error, "os_error", error), RefusedAddressError)
            return Answer(None, "address refused" if refused else f"no answer: {type(error).__name__}")

    async def close(self) -> None:
        """Hang up."""
        if self._session is not None:
            await self._session.close()


@asynccontextmanager
async def door(allowed: Sequence[str]) -> AsyncIterator[Door]:
    """The way out, as long as it is needed."""
    opened = Door(allowed)
    try:
        yield opened
    finally:
        await opened.close()


def _retry_after_s(answer: aiohttp.ClientResponse) -> int:
    """What 429 and 503 ask for, in seconds; 0 where nothing that can be understood."""
    said = answer.headers.get("Retry-After", "")
    if answer.status not in (429, 503) or not said:
        return 0
    if said.isdecimal():
        return int(said[:9])
    try:
        return max(0, int((parsedate_to_datetime(said) - now()).total_seconds()))
    except (ValueError, TypeError):
        return 0
