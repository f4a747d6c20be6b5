"""A warehouse's system on the wire, with books of its own and a script as the carrier of parcels has one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from aiohttp import web

from tests.scripted import Scripted

BOX: Final = {"weightG": 700, "lengthMm": 300, "widthMm": 200, "heightMm": 100}


class WarehouseServer(Scripted):
    """`orders`: key to what was asked for; `reports`: key to what was picked."""

    def __init__(self) -> None:
        super().__init__()
        self.orders: dict[str, dict[str, Any]] = {}
        self.reports: dict[str, dict[str, Any]] = {}
        self.tombstones: set[str] = set()

    def reports_that(self, key: str, lines: dict[str, int], boxes: int = 1) -> None:
        """From now on it says so."""
        self.reports[key] = {"lines": lines, "boxes": [BOX] * boxes}

    @property
    def to_pick(self) -> int:
        """Orders that it means to pick."""
        return len(self.orders.keys() - self.tombstones)

    async def send(self, request: web.Request) -> web.StreamResponse:
        """Take an order."""
        key, said = request.headers["Idempotency-Key"], await request.json()
        return await self.scripted(request, "send", key, lambda: self._send(key, said))

    async def cancel(self, request: web.Request) -> web.StreamResponse:
        """Let it be."""
        key = request.match_info["key"]
        return await self.scripted(request, "cancel", key, lambda: self._cancel(key))

    async def picked(self, request: web.Request) -> web.StreamResponse:
        """Tell what was picked."""
        key = request.match_info["key"]
        return await self.scripted(request, "picked", key, lambda: self._picked(key))

    def _send(self, key: str, said: dict[str, Any]) -> web.Response:
        if key in self.tombstones:
            return web.json_response({"reason": "canceled"}, status=422)
        if "UNKNOWN" in said["lines"]:
            return web.json_response({"reason": "no such SKU"}, status=422)
        return web.json_response({}) if self.orders.setdefault(key, said) == said else web.Response(status=409)

    def _cancel(self, key: str) -> web.Response:
        done = key not in self.reports
        if done:
            self.tombstones.add(key)
        return web.json_response({"canceled": done})

    def _picked(self, key: str) -> web.Response:
        if key not in self.orders:
            return web.Response(status=404)
        return web.json_response({"picked": self.reports.get(key)})


@asynccontextmanager
async def a_warehouse_system() -> AsyncIterator[WarehouseServer]:
    """One that listens."""
    server = WarehouseServer()
    routes = [web.post("/orders", server.send), web.post("/orders/{key}/cancel", server.cancel),
              web.get("/orders/{key}", server.picked)]  # fmt: skip
    async with server.listening(routes):
        yield server
