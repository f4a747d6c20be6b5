"""A carrier of parcels on the wire, with books of its own and a script.

It takes one word of its script per question and does what the word says: a status to answer with; `lost` (done, but
the answer never comes), `garbage` (done, but the answer cannot be read), `slow` (done, but it never answers). At the
end of the script it does what it is asked.
"""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

import msgspec
from aiohttp import web

from tradewind.adapters.carrier.notices import SIGNATURE, sign
from tradewind.kernel.clock import now

LOOPBACK: Final = "127.0.0.1"
SECRET: Final = "a carrier's secret"
KEY: Final = "the shop's key"
LABEL: Final = b"%PDF-1.4 a label of the carrier's own"


class CarrierServer:
    """`parcels`: key to what was booked; `stages`: key to how far it is; `bookings`: how many parcels were taken on."""

    def __init__(self) -> None:
        self.script: list[str] = []
        self.asked: list[tuple[str, str]] = []
        self.parcels: dict[str, dict[str, Any]] = {}
        self.stages: dict[str, str] = {}
        self.tombstones: set[str] = set()
        self.keys: set[str] = set()
        self.with_labels = False
        self.url = ""
        self.never = asyncio.Event()

    @property
    def bookings(self) -> int:
        """Parcels that the carrier means to carry."""
        return sum(stage != "CANCELED" for stage in self.stages.values())

    async def book(self, request: web.Request) -> web.StreamResponse:
        """Take a parcel on."""
        key, said = request.headers["Idempotency-Key"], await request.json()
        return await self._scripted(request, "book", key, lambda: self._book(key, said))

    async def cancel(self, request: web.Request) -> web.StreamResponse:
        """Let it be."""
        key = request.match_info["key"]
        return await self._scripted(request, "cancel", key, lambda: self._cancel(key))

    async def track(self, request: web.Request) -> web.StreamResponse:
        """Tell how far it is."""
        key = request.match_info["key"]
        return await self._scripted(request, "track", key, lambda: self._track(key))

    async def _scripted(self, request: web.Request, what: str, key: str, do: Any) -> web.StreamResponse:
        self.asked.append((what, key))
        self.keys.add(request.headers.get("Authorization", ""))
        word = self.script.pop(0) if self.script else ""
        if word.isdecimal():
            return web.Response(status=int(word))
        answer: web.StreamResponse = do()
        if word == "slow":
            await self.never.wait()
        if word == "lost":
            assert request.transport is not None
            request.transport.abort()
        return web.Response(body=b"?") if word == "garbage" else answer

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
    moment = str(int((at or now()).timestamp()))
    return body, f"t={moment},v1={sign(secret.encode(), moment, body)}"


def signed(signature: str) -> dict[str, str]:
    """The header that carries it."""
    return {SIGNATURE: signature}


@asynccontextmanager
async def a_parcel_carrier() -> AsyncIterator[CarrierServer]:
    """One that listens."""
    server = CarrierServer()
    app = web.Application()
    app.router.add_post("/parcels", server.book)
    app.router.add_post("/parcels/{key}/cancel", server.cancel)
    app.router.add_get("/parcels/{key}", server.track)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, LOOPBACK, 0)
    await site.start()
    server.url = f"http://{LOOPBACK}:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        server.never.set()
        await runner.cleanup()
