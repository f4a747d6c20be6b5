"""The gateway: each route to whoever answers it, all that came with it passed on, and 503 for those that are away."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import httpx2
import pytest
import pytest_asyncio

from tests.journeys.followers import following
from tests.journeys.test_live_orders import watching
from tests.markets import Market, Person, run_part
from tradewind.api.rest.passing_on import client
from tradewind.app.edge import Leaving
from tradewind.app.gateway import addresses, gateway
from tradewind.app.placement import CONTEXTS
from tradewind.app.settings import SettingError
from tradewind.kernel.ids import new_trace_id

NOBODY = "http://127.0.0.1:1"
AWAY = ("reviews", "analytics")
pytestmark = pytest.mark.xdist_group("journeys")


@pytest_asyncio.fixture
async def before(market: Market) -> AsyncIterator[httpx2.AsyncClient]:
    """A gateway before the market; reviews and analytics are away."""
    urls = tuple(f"{one}={NOBODY if one in AWAY else market.urls[0]}" for one in CONTEXTS)
    settings = replace(market.shop.settings, context_urls=urls, rate_limits=True)
    async with client() as ask, gateway(settings, ask, Leaving()) as application:
        transport: Any = httpx2.ASGITransport(app=application)
        async with httpx2.AsyncClient(transport=transport, base_url="http://gateway.test") as http:
            yield http


def through(person: Person, http: httpx2.AsyncClient) -> Person:
    """The same person, at the gateway."""
    return Person(http, person.token, person.subject)


async def test_an_order_goes_through_with_its_name_and_its_trace(market: Market, before: httpx2.AsyncClient) -> None:
    buyer, trace_id = through(market.somebody(), before), new_trace_id()
    sku = await market.goods(stock=3)
    body = {
        "items": [{"sku": sku, "qty": 1}],
        "shippingAddress": {"country": "GB"},
        "paymentMethod": "simulated:approve",
    }
    named = {"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01", "Correlation-Id": "mine", "Prefer": "wait=20"}
    placed = await buyer.post("/api/v1/orders", body, **named)
    assert placed.status_code == 201, placed.text
    assert placed.headers["location"] == f"/api/v1/orders/{placed.json()['id']}"
    assert placed.headers["correlation-id"] == "mine"
    told = await market.events(placed.json()["id"])
    assert {(row["trace_id"], row["correlation_id"]) for row in told[:1]} == {(trace_id, "mine")}
    assert (await buyer.get(placed.headers["location"])).json()["id"] == placed.json()["id"]


async def test_what_comes_without_a_name_is_given_one_on_its_way(market: Market, before: httpx2.AsyncClient) -> None:
    placed = await through(market.somebody(), before).order(await market.goods(stock=1))
    (told, *_) = await market.events(placed.json()["id"])
    assert placed.headers["correlation-id"] == told["correlation_id"]
    assert len(told["trace_id"]) == 32


async def test_what_a_process_refuses_is_passed_on_as_it_was_said(market: Market, before: httpx2.AsyncClient) -> None:
    said = await before.post("/api/v1/orders", content=b"{", headers={"Content-Type": "application/json"})
    assert (said.status_code, said.json()["type"]) == (401, "/problems/token-missing")
    buyer = through(market.somebody(), before)
    assert (await buyer.post("/api/v1/orders", {"itmes": []})).json()["type"] == "/problems/invalid-body"
    refused = await buyer.send("DELETE", "/api/v1/orders")
    assert (refused.status_code, "POST" in refused.headers["allow"]) == (405, True)
    assert (await before.get("/api/v1/nothing")).status_code == 404
    looked = await before.head("/api/v1/products")
    assert looked.status_code == (await before.get("/api/v1/products")).status_code
    assert looked.content == b""


async def test_a_token_that_is_none_goes_no_further(before: httpx2.AsyncClient) -> None:
    stranger = Person(before, "not.a.token")
    refused = await stranger.get(f"/api/v1/products/{new_trace_id()}/reviews")
    assert refused.status_code == 401, "though whoever would answer is away"
    assert "invalid_token" in refused.headers["www-authenticate"]


async def test_who_asks_too_much_is_throttled_before_anything_is_asked(before: httpx2.AsyncClient) -> None:
    answers = [await before.post("/api/v1/auth/guest") for _ in range(121)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0
    assert answers[0].status_code == 200


async def test_a_context_that_is_away_is_503_for_its_own_routes_only(
    market: Market, before: httpx2.AsyncClient
) -> None:
    away = await before.get(f"/api/v1/products/{await _a_product(market)}/reviews")
    assert (away.status_code, away.json()["type"]) == (503, "/problems/context-away")
    assert (away.json()["context"], away.headers["retry-after"]) == ("reviews", "2")
    assert (await before.get("/api/v1/products")).status_code == 200
    ready = await before.get("/health/ready")
    checks = ready.json()["checks"]
    assert ready.status_code == 503
    assert checks.pop("-".join(sorted(AWAY, key=CONTEXTS.index))) != "UP"
    assert set(checks.values()) == {"UP"}


async def test_metrics_are_those_of_all_and_say_who_is_away(market: Market, before: httpx2.AsyncClient) -> None:
    await through(market.somebody(), before).order(await market.goods(stock=1))
    away = "-".join(sorted(AWAY, key=CONTEXTS.index))
    there = "-".join(one for one in CONTEXTS if one not in AWAY)
    page = (await before.get("/metrics")).text
    up = {line for line in page.splitlines() if line.startswith("shop_process_up{")}
    assert up == {
        f'shop_process_up{{process="{name}"}} {is_up}' for name, is_up in (("gateway", 1), (there, 1), (away, 0))
    }
    assert [line for line in page.splitlines() if line.startswith(f'orders_created_total{{process="{there}"}} ')]
    assert f'process="{away}",' not in page


async def _a_product(market: Market) -> str:
    sku = await market.goods(stock=0)
    found = await market.shop.db.pool.fetchval("SELECT id FROM catalog.products WHERE sku = $1", sku)
    return str(found)


async def test_a_body_that_is_longer_than_one_message_arrives_whole(market: Market, before: httpx2.AsyncClient) -> None:
    admin = through(market.admin, before)
    too_much = await admin.post("/api/v1/products", {"sku": "X", "name": "x" * 3_000_000})
    assert too_much.status_code == 413
    long = {"sku": "LONG", "name": "A thing", "category": "things", "price": {"amount": 1, "currency": "EUR"}}
    made = await admin.post("/api/v1/products", long | {"description": "ä" * 2_000})
    assert made.status_code in (201, 409), made.text


async def test_the_document_of_the_gateway_is_that_of_the_whole_shop(
    market: Market, before: httpx2.AsyncClient
) -> None:
    assert (await before.get("/openapi.json")).json() == (await market.nobody.get("/openapi.json")).json()


@pytest_asyncio.fixture
async def door(market: Market, before: httpx2.AsyncClient) -> AsyncIterator[str]:
    """A gateway in a process of its own; reviews and analytics are away. Its address."""
    urls = ",".join(f"{one}={NOBODY if one in AWAY else market.urls[0]}" for one in CONTEXTS)
    with_urls = replace(market, environment={**market.environment, "TRADEWIND_CONTEXT_URLS": urls})
    async with run_part(with_urls, "gateway") as url:
        async with asyncio.timeout(60):
            while not await _lives(market, url):  # noqa: ASYNC110 -- another process cannot set an event of ours
                await asyncio.sleep(0.05)
        yield url


async def _lives(market: Market, url: str) -> bool:
    try:
        return (await market.http.get(f"{url}/health/live")).status_code == 200
    except httpx2.TransportError:
        return False


async def test_streams_and_sockets_come_through_as_they_are_told(market: Market, door: str) -> None:
    async with following(f"{door}/sse/flash-sales") as (follower,):
        sku = await market.goods(stock=2)
        assert follower is not None
        buyer = market.somebody()
        async with watching(replace(market, urls=[door]), buyer) as watcher:
            assert (await watcher.follows("mine"))[0]["event"] == "subscribed"
            await buyer.order(sku)
            assert (await watcher.until("order.placed"))["data"]
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{door}/ws/orders") as ws:
        await ws.send_str("nothing that can be read")
        async with asyncio.timeout(60):
            while (await ws.receive()).type is aiohttp.WSMsgType.TEXT:
                pass
        assert ws.close_code == 4400


@pytest.mark.parametrize(
    ("urls", "why"),
    [
        ((), "does not say where these are: identity"),
        (tuple(f"{one}={NOBODY}" for one in CONTEXTS if one != "carts"), "where these are: carts"),
        ((*(f"{one}={NOBODY}" for one in CONTEXTS), f"stock={NOBODY}"), "names stock"),
    ],
)
def test_a_gateway_that_is_not_told_where_all_contexts_are_is_refused(
    market: Market, urls: tuple[str, ...], why: str
) -> None:
    with pytest.raises(SettingError, match=why):
        addresses(replace(market.shop.settings, context_urls=urls))


def test_nothing_listens_where_the_tests_say_that_nobody_is() -> None:
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", 1)) != 0
