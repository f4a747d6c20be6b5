"""A connection goes on after a refusal, also where the body came too late to matter: the next request is not lost."""

import asyncio
from typing import Final
from urllib.parse import urlsplit

import pytest

from tests.markets import Market

pytestmark = pytest.mark.xdist_group("security")

BODY: Final = b'{"items":[{"sku":"x","qty":1}]}'
LATE_S: Final = 0.2
"""So much later than the head does the body come: on another packet, as most clients send it."""
CHUNKED: Final = b"Transfer-Encoding: chunked"
SIZED: Final = b"Content-Length: %d" % len(BODY)


async def answer(reader: asyncio.StreamReader) -> int:
    """The status of the next answer, which is read to its end."""
    head = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
    sizes = [int(line.split(b":")[1]) for line in head if line.lower().startswith(b"content-length:")]
    await reader.readexactly(sizes[0] if sizes else 0)
    return int(head[0].split()[1])


@pytest.mark.parametrize("sized", [SIZED, CHUNKED], ids=["sized", "chunked"])
@pytest.mark.parametrize(
    ("line", "with_token", "status"),
    [
        (b"POST /api/v1/orders", False, 401),
        (b"PUT /api/v1/orders", True, 405),
        (b"POST /api/v1/orders/nonsense/pay", True, 422),
        (b"POST /api/v1/carts", True, 201),
        (b"POST /api/v1/nowhere", True, 404),
        (b"GET /api/v1/products", False, 200),
    ],
    ids=[
        "nobody",
        "no such method",
        "no such order",
        "a body that is not read",
        "no such route",
        "a body where none is",
    ],
)
async def test_the_next_request_on_a_connection_is_answered(
    quiet_market: Market, line: bytes, with_token: bool, status: int, sized: bytes
) -> None:
    url, token = urlsplit(quiet_market.urls[0]), str(quiet_market.somebody("customer").token)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    named = [b"Authorization: Bearer " + token.encode()] if with_token else []
    head = [line + b" HTTP/1.1", b"Host: shop", b"Content-Type: application/json", *named, sized, b"", b""]
    writer.write(b"\r\n".join(head))
    await writer.drain()
    await asyncio.sleep(LATE_S)
    writer.write(BODY if sized is SIZED else b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY))
    async with asyncio.timeout(30):
        assert await answer(reader) == status
        writer.write(b"GET /api/v1/products?limit=1 HTTP/1.1\r\nHost: shop\r\n\r\n")
        assert await answer(reader) == 200
    writer.close()
