"""(d) The thinnest service: the same framework and server, with one transaction an order behind one route.

python -m bench.thinnest DATABASE_URL PORT separately|by_function
"""

import sys
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg
import uvloop
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server
from litestar import Litestar, post
from msgspec import Struct

from tradewind.app.bench import raw_limit
from tradewind.app.edge import BACKLOG, BACKPRESSURE, HEADERS_WITHIN_MS


class Line(Struct, rename="camel"):
    """One line of an order."""

    sku: str
    qty: int


class NewOrder(Struct, rename="camel"):
    """What a client sends; the same document that Tradewind is sent."""

    items: list[Line]
    payment_method: str
    shipping_address: dict[str, str]


class Placed(Struct):
    """What a client gets."""

    id: UUID
    status: str


def service(pool: Any, place: Callable[[Any, raw_limit.RawOrder], Awaitable[None]]) -> Litestar:
    """One route."""

    @post("/orders")
    async def order(data: NewOrder) -> Placed:
        raw = raw_limit.raw_order(tuple((line.sku, line.qty) for line in data.items))
        async with pool.acquire() as connection:
            await place(connection, raw)
        return Placed(raw.id, "RESERVED")

    return Litestar([order], openapi_config=None, logging_config=None)


async def serve(url: str, port: int, way: str) -> None:
    """Answer until killed."""
    size = raw_limit.CONNECTIONS
    async with asyncpg.create_pool(url, min_size=size, max_size=size) as pool:
        server = Server(
            service(pool, getattr(raw_limit, way)),
            address="127.0.0.1",
            port=port,
            interface=Interfaces.ASGI,
            backlog=BACKLOG,
            backpressure=BACKPRESSURE,
            http1_settings=HTTP1Settings(header_read_timeout=HEADERS_WITHIN_MS),
            log_enabled=False,
        )
        await server.serve()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
