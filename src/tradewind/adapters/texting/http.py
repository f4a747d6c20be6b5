"""Texts over HTTP: a POST each to the carrier's address, the text's id as Idempotency-Key."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
import msgspec

from tradewind.kernel.errors import Unavailable
from tradewind.ports.mail import Undeliverable
from tradewind.ports.texting import Text

TIMEOUT_S: Final = 10.0
MAX_CONNECTIONS: Final = 16
REFUSED_FOR_GOOD: Final = frozenset({400, 404, 410, 422})
"""What a carrier says of a number or a device that it does not know; of our key and our pace it speaks otherwise."""


class CarrierAway(Unavailable):
    """The carrier does not answer, or says to come again."""


class HttpTexts:
    """The carrier at one address. Opened by `http_texts`."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session, self._url = session, url

    async def send(self, text: Text) -> None:
        """Hand the text over. Raises CarrierAway, or Undeliverable for a no."""
        body = msgspec.json.encode(
            {
                "id": text.id,
                "channel": text.carriage,
                "to": text.recipient,
                "title": text.title,
                "body": text.body,
            }
        )
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(text.id)}
        try:
            async with self._session.post(self._url, data=body, headers=headers, allow_redirects=False) as answer:
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as trouble:
            raise CarrierAway(type(trouble).__name__) from None
        if status in REFUSED_FOR_GOOD:
            raise Undeliverable(code=status)
        if not 200 <= status < 300:
            raise CarrierAway(f"The carrier said {status}.")

    async def forget(self, user_id: str) -> None:
        """What was handed over is with its owner."""


@asynccontextmanager
async def http_texts(url: str, key: str | None) -> AsyncIterator[HttpTexts]:
    """A client of the carrier at `url`, which knows the shop by `key`."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=MAX_CONNECTIONS),
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
        headers={"Authorization": f"Bearer {key}"} if key else {},
    ) as session:
        yield HttpTexts(session, url)
