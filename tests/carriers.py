"""A carrier of parcels on the wire, with books of its own and a script."""

import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

import msgspec
from aiohttp import web

from tests.scripted import Scripted
from tradewind.adapters.carrier.notices import SIGNATURE
from tradewind.adapters.signed_bodies import sign
from tradewind.kernel.clock import now

SECRET: Final = "a carrier's secret"
KEY: Final = "the shop's key"
LABEL: Final = b"%PDF-1.4 a label of the carrier's own"


class CarrierServer(Scripted):
    """`parcels`: key to what was booked; `stages`: key to how far it is; `bookings`: how many parcels were taken on."""

    def __init__(self) -> None:
        super().__init__()
        self.parcels: dict[str, dict[str, Any]] = {}
        self.stages: dict[str, str] = {}
        self.tombstones: set[str] = set()
        self.with_labels = False

    @property
    def bookings(self) -> int:
        """Parcels that the carrier means to carry."""
        return sum(stage != "CANCELED" for stage in self.stages.values())

    async def book(self, request: web.Request) -> web.StreamResponse:
        """Take a parcel on."""
        key, said = request.headers["Idempotency-Key"], await request.json()
        return await self.scripted(request, "book", key, lambda: self._book(key, said))

    async def cancel(self, request: web.Request) -> web.StreamResponse:
        """Let it be."""
        key = request.match_info["key"]
        return await self.scripted(request, "cancel", key, lambda: self._cancel(key))

    async def track(self, request: web.Request) -> web.StreamResponse:
        """Tell how far it is."""
        key = request.match_info["key"]
        return await self.scripted(request, "track", key, lambda: self._track(key))

    def _book(self, key: str, said: dict[str, Any]) -> web.Response:
        if key in self.tombstones:
            return web.json_response({"reason": "canceled"}, status=422)
        if said["address"].get("line1") == "Nowhere":
            return web.json_response({"reason": "nobody lives there"}, status=422)
        if self.parcels.setdefault(key, said) != said:
            return web.Response(status=409)
        self.stages.setdefault(key, "BOOKED")
        answer = {"trackingNumber": number(key)}
        return web.json_response(answer | ({"label": base64.b64encode(LABEL).decode()} if self.with_labels else {}))

    def _cancel(self, key: str) -> web.Response:
        done = self.stages.get(key, "BOOKED") in ("BOOKED", "CANCELED")
        if done:
            self.tombstones.add(key)
            if key in self.stages:
                self.stages[key] = "CANCELED"
        return web.json_response({"canceled": done})

    def _track(self, key: str) -> web.Response:
        stage = self.stages.get(key)
        return web.Response(status=404) if stage is None else web.json_response({"stage": stage})


def number(key: str) -> str:
    """The carrier's number of a parcel."""
    return f"3PL-{hashlib.sha256(key.encode()).hexdigest()[:12].upper()}"


def notice(*pairs: tuple[str, str], at: datetime | None = None, secret: str = SECRET) -> tuple[bytes, str]:
    """A body that tells of (notice's id, parcel's key), and its signature."""
    body = msgspec.json.encode({"notices": [{"id": id_, "key": key} for id_, key in pairs]})
    return body, sign(secret, body, at or now())


def signed(signature: str) -> dict[str, str]:
    """The header that carries it."""
    return {SIGNATURE: signature}


@asynccontextmanager
async def a_parcel_carrier() -> AsyncIterator[CarrierServer]:
    """One that listens."""
    server = CarrierServer()
    routes = [web.post("/parcels", server.book), web.post("/parcels/{key}/cancel", server.cancel),
              web.get("/parcels/{key}", server.track)]  # fmt: skip
    async with server.listening(routes):
        yield server
