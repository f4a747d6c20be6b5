"""A carrier over HTTP: the parcel's key goes with each question, and in the Idempotency-Key of a booking.

    POST {url}/parcels                 200 {trackingNumber, label?} · 422 {reason} · 409 the key is of another parcel
    POST {url}/parcels/{key}/cancel    200 {canceled}
    GET  {url}/parcels/{key}           200 {stage} · 404 not seen so far

`label` is a PDF in base64. Anything else leaves the outcome unknown.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar
from urllib.parse import quote

import aiohttp
import msgspec
from msgspec import Struct

from tradewind.kernel.errors import Unavailable
from tradewind.ports.carrier import Booked, KeyReused, NotCarried, ParcelToCarry, Stage

TIMEOUT_S: Final = 10.0
MAX_CONNECTIONS: Final = 16
MAX_ANSWER_BYTES: Final = 2 * 1024 * 1024
"""A label is some tens of kilobytes."""
PDF: Final = b"%PDF-"
T = TypeVar("T")


class CarrierAway(Unavailable):
    """The carrier gave no answer: the outcome is unknown."""


class _Booking(Struct, frozen=True, rename="camel"):
    tracking_number: str
    label: bytes | None = None


class _Refusal(Struct, frozen=True):
    reason: str


class _Cancellation(Struct, frozen=True):
    canceled: bool


class _Tracking(Struct, frozen=True):
    stage: Stage


class RestCarrier:
    """The port `Carrier`, answered by the carrier at one address. Opened by `rest_carrier`."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session, self._url = session, url.rstrip("/") + "/parcels"

    async def book(self, parcel: ParcelToCarry, key: str) -> Booked | NotCarried:
        """Have it carried; see the port."""
        status, body = await self._ask("POST", self._url, msgspec.json.encode(parcel), {"Idempotency-Key": key})
        if status == 422:
            return NotCarried(reason=_read(body, _Refusal).reason[:200])
        if status == 409:
            raise KeyReused(key=key)
        found = _read(body, _Booking, status)
        if not 4 <= len(found.tracking_number) <= 40 or not (found.label or PDF).startswith(PDF):
            raise CarrierAway("The carrier's answer is no booking.")
        return Booked(tracking_number=found.tracking_number, label=found.label)

    async def cancel(self, key: str) -> bool:
        """Have it carried no more; see the port."""
        status, body = await self._ask("POST", f"{self._of(key)}/cancel", b"{}", {})
        return _read(body, _Cancellation, status).canceled

    async def track(self, key: str) -> Stage | None:
        """How far it is; see the port."""
        status, body = await self._ask("GET", self._of(key), None, {})
        return None if status == 404 else _read(body, _Tracking, status).stage

    def _of(self, key: str) -> str:
        return f"{self._url}/{quote(key, safe='')}"

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
            raise CarrierAway(type(trouble).__name__) from None
        if len(content) > MAX_ANSWER_BYTES:
            raise CarrierAway("The carrier says too much.")
        return status, content


def _read(body: bytes, of: type[T], status: int = 200) -> T:
    if status != 200:
        raise CarrierAway(f"The carrier said {status}.")
    try:
        return msgspec.json.decode(body, type=of)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise CarrierAway("The carrier's answer cannot be read.") from None


@asynccontextmanager
async def rest_carrier(url: str, key: str | None, *, timeout_s: float = TIMEOUT_S) -> AsyncIterator[RestCarrier]:
    """A client of the carrier at `url`, which knows the shop by `key`."""
    headers: dict[str, Any] = {"Authorization": f"Bearer {key}"} if key else {}
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=MAX_CONNECTIONS),
        timeout=aiohttp.ClientTimeout(total=timeout_s),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=headers,
    ) as session:
        yield RestCarrier(session, url)
