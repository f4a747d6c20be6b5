"""An outside token over gRPC, WebSocket, server-sent events and a gateway: each has to learn its key first."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import grpc
import httpx2
import msgspec
import pytest
import pytest_asyncio
from aiohttp import web

from tests.adapters.identity_provider.outsiders import processes
from tests.issuers import Issuer, an_issuer
from tests.listening import listening
from tests.remote.conftest import Asker, a_token
from tests.security.test_sessions import Stream
from tests.shops import Shop
from tradewind.api.rest import streams
from tradewind.api.rest.passing_on import client
from tradewind.app.edge import Leaving, rest_app
from tradewind.app.gateway import gateway
from tradewind.app.placement import CONTEXTS
from tradewind.app.remote import answering_remotely
from tradewind.contracts.proto.tradewind.inventory.v1 import inventory_pb2 as pb

pytestmark = pytest.mark.xdist_group("security")


@pytest_asyncio.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with an_issuer() as one:
        yield one


async def said_by_socket(shop: Shop, token: str) -> list[dict[str, Any]]:
    """What a WebSocket says to that token, until it is ready or closed."""
    sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    asked: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    asked.put_nowait({"type": "websocket.connect"})
    headers = [(b"authorization", f"Bearer {token}".encode())]
    scope = {"type": "websocket", "path": "/ws/orders", "headers": headers, "client": ("127.0.0.1", 1)}
    talk = asyncio.create_task(rest_app(shop)(scope, asked.get, sent.put))  # type: ignore[arg-type]
    async with asyncio.timeout(30):
        found = [await sent.get(), await sent.get()]
    asked.put_nowait({"type": "websocket.disconnect", "code": 1000})
    await talk
    return found


async def test_a_socket_is_ready_for_an_outside_token_and_closed_for_one_that_has_ended(
    shop: Shop, issuer: Issuer
) -> None:
    async with processes(shop, 1, oidc_issuer=issuer.url) as [here]:
        token = issuer.token(sub="ada", sid="s-1")
        ready = (await said_by_socket(here.shop, token))[1]
        assert msgspec.json.decode(ready["text"])["event"] == "ready"
        await here.back_channel(issuer.logout_token("ada", "s-1"))
        assert (await said_by_socket(here.shop, token))[1]["type"] == "websocket.close"


async def test_a_stream_ends_when_the_issuer_ends_its_session(
    shop: Shop, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT_S", 0.02)
    async with processes(shop, 1, oidc_issuer=issuer.url) as [here]:
        stream = Stream(here.shop, issuer.token(sub="ada", sid="s-1"))
        await stream.lives()
        await here.back_channel(issuer.logout_token("ada", "s-1"))
        await stream.ends()
        assert stream.ended


async def test_another_process_is_asked_over_grpc_with_an_outside_token(shop: Shop, issuer: Issuer) -> None:
    async with processes(shop, 1, oidc_issuer=issuer.url) as [here]:
        answering = replace(here.shop, settings=replace(here.shop.settings, grpc_port=0))
        async with (
            answering_remotely(answering) as port,
            grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel,
        ):
            token = issuer.token("warehouse", sub="wms", sid="s-1")
            question = pb.StockQuery(sku="NONE")
            with pytest.raises(grpc.aio.AioRpcError) as unknown:
                await Asker(channel, token)("QueryStock", question)
            assert unknown.value.code() is grpc.StatusCode.NOT_FOUND
            await here.back_channel(issuer.logout_token("wms", "s-1"))
            with pytest.raises(grpc.aio.AioRpcError) as ended:
                await Asker(channel, token)("QueryStock", question)
            assert ended.value.code() is grpc.StatusCode.UNAUTHENTICATED


@asynccontextmanager
async def a_gateway(shop: Shop, issuer: Issuer) -> AsyncIterator[tuple[Callable[[str], Awaitable[int]], list[str]]]:
    """What a gateway's answer to a token is, and with which tokens those behind it were asked."""
    heard: list[str] = []

    async def behind(request: web.Request) -> web.Response:
        heard.append(request.headers["authorization"].removeprefix("Bearer "))
        return web.Response(text="well")

    app = web.Application()
    app.router.add_get("/api/v1/orders", behind)
    async with listening(app) as url, client() as ask:
        urls = tuple(f"{one}={url}" for one in CONTEXTS)
        settings = replace(shop.settings, context_urls=urls, oidc_issuer=issuer.url)
        async with gateway(settings, ask, Leaving()) as passing_on:
            transport: Any = httpx2.ASGITransport(app=passing_on)
            async with httpx2.AsyncClient(transport=transport, base_url="http://gateway.test") as http:

                async def answered(token: str) -> int:
                    got = await http.get("/api/v1/orders", headers={"Authorization": f"Bearer {token}"})
                    return int(got.status_code)

                yield answered, heard


async def test_a_gateway_learns_the_key_of_an_outside_token_and_passes_it_on(shop: Shop, issuer: Issuer) -> None:
    async with a_gateway(shop, issuer) as (answered, heard):
        theirs, ours = issuer.token(), a_token(shop)
        assert [await answered(one) for one in (theirs, ours, f"{theirs}x")] == [200, 200, 401]
        assert heard == [theirs, ours]


async def test_a_gateway_that_cannot_learn_a_key_says_so_and_lets_in_who_has_our_tokens(
    shop: Shop, issuer: Issuer
) -> None:
    issuer.away = True
    async with a_gateway(shop, issuer) as (answered, _):
        assert [await answered(one) for one in (issuer.token(), a_token(shop))] == [503, 200]
