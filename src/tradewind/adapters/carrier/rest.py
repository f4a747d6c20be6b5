"""A carrier over HTTP: the parcel's key goes with each question, and in the Idempotency-Key of a booking.

    POST {url}/parcels                 200 {trackingNumber, label?} · 422 {reason} · 409 the key is of another parcel
    POST {url}/parcels/{key}/cancel    200 {canceled}
    GET  {url}/parcels/{key}           200 {stage} · 404 not seen so far

`label` is a PDF in base64. Anything else leaves the outcome unknown.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from msgspec import Struct

from tradewind.adapters.json_http import TIMEOUT_S, JsonHttp, NoAnswer, json_http, read
from tradewind.ports.carrier import Booked, KeyReused, NotCarried, ParcelToCarry, Stage

PDF: Final = b"%PDF-"


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

    def __init__(self, http: JsonHttp) -> None:
        self._http = http

    async def book(self, parcel: ParcelToCarry, key: str) -> Booked | NotCarried:
        """Have it carried; see the port."""
        status, body = await self._http.create(key, parcel)
        if status == 422:
            return NotCarried(reason=read(body, _Refusal).reason[:200])
        if status == 409:
            raise KeyReused(key=key)
        found = read(body, _Booking, status)
        if not 4 <= len(found.tracking_number) <= 40 or not (found.label or PDF).startswith(PDF):
            raise NoAnswer("The carrier's answer is no booking.")
        return Booked(tracking_number=found.tracking_number, label=found.label)

    async def cancel(self, key: str) -> bool:
        """Have it carried no more; see the port."""
        status, body = await self._http.act(key, "cancel")
        return read(body, _Cancellation, status).canceled

    async def track(self, key: str) -> Stage | None:
        """How far it is; see the port."""
        status, body = await self._http.look_up(key)
        return None if status == 404 else read(body, _Tracking, status).stage


@asynccontextmanager
async def rest_carrier(url: str, key: str | None, *, timeout_s: float = TIMEOUT_S) -> AsyncIterator[RestCarrier]:
    """A client of the carrier at `url`, which knows the shop by `key`."""
    async with json_http(url, "parcels", key, timeout_s=timeout_s) as http:
        yield RestCarrier(http)
