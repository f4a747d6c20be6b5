"""A warehouse's system over HTTP: the key goes with each question, and in the Idempotency-Key of an order.

    POST {url}/orders                 200 {} · 422 {reason} · 409 the key is of another order
    POST {url}/orders/{key}/cancel    200 {canceled}
    GET  {url}/orders/{key}           200 {picked: {lines, boxes} | null} · 404 not seen so far

Anything else leaves the outcome unknown.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from msgspec import Meta, Struct

from tradewind.adapters.json_http import TIMEOUT_S, JsonHttp, json_http, read
from tradewind.ports.warehouse_system import FulfillmentOrder, KeyReused, NotTaken, PackedBox, Picked, Taken

Count = Annotated[int, Meta(ge=0, le=100_000)]
Size = Annotated[int, Meta(ge=1, le=1_000_000)]


class _Accepted(Struct, frozen=True):
    pass


class _Refusal(Struct, frozen=True):
    reason: str


class _Cancellation(Struct, frozen=True):
    canceled: bool


class _Box(Struct, frozen=True, rename="camel"):
    weight_g: Size
    length_mm: Size
    width_mm: Size
    height_mm: Size


class _Picked(Struct, frozen=True):
    lines: dict[str, Count]
    boxes: Annotated[tuple[_Box, ...], Meta(max_length=99)]


class _Order(Struct, frozen=True):
    picked: _Picked | None


class RestWarehouse:
    """The port `WarehouseSystem`, answered by the system at one address. Opened by `rest_warehouse`."""

    def __init__(self, http: JsonHttp) -> None:
        self._http = http

    async def send(self, order: FulfillmentOrder, key: str) -> Taken | NotTaken:
        """Have it picked; see the port."""
        status, body = await self._http.create(key, order)
        if status == 422:
            return NotTaken(reason=read(body, _Refusal).reason[:200])
        if status == 409:
            raise KeyReused(key=key)
        read(body, _Accepted, status)
        return Taken()

    async def cancel(self, key: str) -> bool:
        """Have it picked no more; see the port."""
        status, body = await self._http.act(key, "cancel")
        return read(body, _Cancellation, status).canceled

    async def picked(self, key: str) -> Picked | None:
        """What was picked; see the port."""
        status, body = await self._http.look_up(key)
        found = None if status == 404 else read(body, _Order, status).picked
        if found is None:
            return None
        boxes = tuple(
            PackedBox(weight_g=one.weight_g, length_mm=one.length_mm, width_mm=one.width_mm, height_mm=one.height_mm)
            for one in found.boxes
        )
        return Picked(lines=found.lines, boxes=boxes)


@asynccontextmanager
async def rest_warehouse(url: str, key: str | None, *, timeout_s: float = TIMEOUT_S) -> AsyncIterator[RestWarehouse]:
    """A client of the system at `url`, which knows the shop by `key`."""
    async with json_http(url, "orders", key, timeout_s=timeout_s) as http:
        yield RestWarehouse(http)
