"""The provider against bytes that no client of ours would send."""

import asyncio
from urllib.parse import urlsplit

import pytest

from tests.adapters.payment_provider.provider_process import ProviderProcess


async def exchange(process: ProviderProcess, sent: bytes) -> bytes:
    """Send these bytes and read until the provider closes the connection."""
    address = urlsplit(process.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(sent)
    said = await reader.read()
    writer.close()
    return said


async def test_a_healthy_provider_says_so(process: ProviderProcess) -> None:
    assert await process.send("GET", "/health") == (200, {"status": "ok"})


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"POST /v1/captures HTTP/1.1\r\ncontent-length: 99999\r\n\r\n" + b"x" * 20_000, b"413"),
        (b"GET /health HTTP/1.1\r\nx: " + b"x" * 20_000, b"413"),
        (b"GET /health HTTP/1.1\r\nconnection: close\r\n\r\n", b"200"),
        (b"GET /health HTTP/1.0\r\n\r\n", b"200"),
        (b"GET /health HTTP/1.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n", b"400"),
    ],
)
async def test_a_strange_request_is_answered_and_the_connection_closed(
    process: ProviderProcess, sent: bytes, status: bytes
) -> None:
    assert (await exchange(process, sent)).startswith(b"HTTP/1.1 " + status)


async def test_a_client_that_does_not_wait_for_its_answer_is_turned_away(process: ProviderProcess) -> None:
    wish = b'{"key":"p","reference":"pipelined","method":"simulated:approve","amount":{"minor":1,"currency":"EUR"}}'
    one = b"POST /v1/authorizations HTTP/1.1\r\ncontent-length: %d\r\n\r\n%b" % (len(wish), wish)
    assert (await exchange(process, one + one)).startswith(b"HTTP/1.1 400")
    assert await process.ledger("pipelined") == []


@pytest.mark.parametrize(
    ("verb", "path", "status"),
    [
        ("GET", "/", 404),
        ("PUT", "/v1/captures", 404),
        ("GET", "/v1/captures", 404),
        ("POST", "/health", 404),
        ("GET", "/v1/ledger?cursor=-1", 400),
        ("GET", "/v1/ledger?cursor=9223372036854775808", 400),
        ("GET", "/v1/ledger?limit=1001", 400),
        ("GET", "/v1/ledger?limit=x", 400),
        ("GET", "/v1/operations/%00%ff", 404),
    ],
)
async def test_an_address_that_means_nothing_is_refused(
    process: ProviderProcess, verb: str, path: str, status: int
) -> None:
    assert (await process.send(verb, path))[0] == status


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"key":"k"}',
        b'{"key":"k","authorization_key":"a","amount":{"minor":1.5,"currency":"EUR"}}',
        b'{"key":"k","authorization_key":"a","amount":{"minor":1,"currency":"EUR"},"price":1}',
        b'{"key":"\xff","authorization_key":"a","amount":{"minor":1,"currency":"EUR"}}',
        b"[" * 10_000,
    ],
)
async def test_a_wish_that_cannot_be_read_is_refused(process: ProviderProcess, body: bytes) -> None:
    assert (await process.send("POST", "/v1/captures", body))[0] == 400
