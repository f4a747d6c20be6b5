"""Questions in JSON to a party over HTTP: one deadline a question, an answer that is bounded, and no guessing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar
from urllib.parse import quote

import aiohttp
import msgspec

from tradewind.kernel.errors import Unavailable

TIMEOUT_S: Final = 10.0
MAX_CONNECTIONS: Final = 16
MAX_ANSWER_BYTES: Final = 2 * 1024 * 1024
"""A label is some tens of kilobytes."""
T = TypeVar("T")


class NoAnswer(Unavailable):
    """The other party gave no answer that can be read: the outcome is unknown."""


class JsonHttp:
    """Asks about the things below one address, each known by a key. Opened by `json_http`."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session, self._url = session, url

    async def create(self, key: str, thing: msgspec.Struct) -> tuple[int, bytes]:
        """Status and body of a POST; the key is its Idempotency-Key."""
        return await self._ask("POST", self._url, msgspec.json.encode(thing), {"Idempotency-Key": key})

    async def act(self, key: str, act: str) -> tuple[int, bytes]:
        """Status and body of a POST to the thing of this key."""
        return await self._ask("POST", f"{self._url}/{quote(key, safe='')}/{act}", b"{}", {})

    async def look_up(self, key: str) -> tuple[int, bytes]:
        """Status and body of a GET of the thing of this key."""
        return await self._ask("GET", f"{self._url}/{quote(key, safe='')}", None, {})

    async def _ask(self, verb: str, url: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        if body is not None:
            headers = {"Content-Type": "application/json", **headers}
        try:
            async with self._session.request(verb, url, data=body, headers=headers, allow_redirects=False) as answer:
                content = await answer.content.read(MAX_ANSWER_BYTES + 1)
                while len(content) <= MAX_ANSWER_BYTES and (more := await answer.content.read(MAX_ANSWER_BYTES)):
                    content += more
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as trouble:
            raise NoAnswer(type(trouble).__name__) from None
        if len(content) > MAX_ANSWER_BYTES:
            raise NoAnswer("The other party says too much.")
        return status, content


def read(body: bytes, of: type[T], status: int = 200) -> T:
    """What a body says; raises NoAnswer for any status but 200, and for what cannot be read."""
    if status != 200:
        raise NoAnswer(f"The other party said {status}.")
    try:
        return msgspec.json.decode(body, type=of)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise NoAnswer("The answer cannot be read.") from None


@asynccontextmanager
async def json_http(url: str, things: str, key: str | None, *, timeout_s: float = TIMEOUT_S) -> AsyncIterator[JsonHttp]:
    """A client of the `things` of the party at `url`, which knows the shop by `key`."""
    headers: dict[str, Any] = {"Authorization": f"Bearer {key}"} if key else {}
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=MAX_CONNECTIONS),
        timeout=aiohttp.ClientTimeout(total=timeout_s),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=headers,
    ) as session:
        yield JsonHttp(session, f"{url.rstrip('/')}/{things}")
