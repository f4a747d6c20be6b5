"""Limits at the edge: who asks too much is told so, others are not held up, and nobody talks themselves out of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from prometheus_client import CollectorRegistry

from tests.shops import Shop
from tradewind.api.rest import Call, Route, create_app, get, post
from tradewind.api.rest.rates import RATES, Rate, RateLimits
from tradewind.app.edge import rest_app
from tradewind.app.wiring import manifests
from tradewind.contracts.messages import Command
from tradewind.runtime.call import Actor

LIMITS = {**RATES, "read": Rate(4, 3), "write": Rate(100, 100), "login": Rate(2, 2, 600)}
HEADERS = ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "ratelimit-policy", "ratelimit")


@get("/api/v1/things", public=True)
async def look(call: Call) -> str:
    """Look."""
    return call.actor.subject


@post("/api/v1/tokens", public="This is how one becomes somebody.", limit="login")
async def login(call: Call) -> str:
    """Log in."""
    return call.actor.subject


async def nothing(command: Command, call: Call) -> None:
    """Nobody asks for a handler."""


def verify(token: bytes) -> Actor:
    return Actor(subject=token.decode(), roles=frozenset({"customer"}))


@asynccontextmanager
async def clients(*addresses: str, trusted: tuple[str, ...] = ()) -> AsyncIterator[list[httpx2.AsyncClient]]:
    """A client at each address, of one small shop."""
    routes: list[Route] = [look, login]
    rates = RateLimits(LIMITS, trusted=trusted)
    app: Any = create_app(routes, verify=verify, dispatch=nothing, registry=CollectorRegistry(), rates=rates)
    yield [
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app, client=(one, 1)), base_url="http://shop")
        for one in addresses
    ]


async def test_who_asks_too_much_is_refused_with_the_time_to_wait_and_others_are_not() -> None:
    async with clients("192.0.2.1", "192.0.2.2") as (eager, other):
        answers = [await eager.get("/api/v1/things") for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]
        assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["3", "2", "1", "0", "0"]
        refused = answers[-1]
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["type"] == "/problems/throttled"
        assert refused.json()["limit"] == "read"
        assert refused.headers["ratelimit-limit"] == "4"
        assert refused.headers["ratelimit-policy"] == '"read";q=4;w=60'
        assert 1 <= int(refused.headers["ratelimit-reset"]) <= 60
        assert int(refused.headers["retry-after"]) >= int(refused.headers["ratelimit-reset"])
        assert refused.headers["ratelimit"] == f'"read";r=0;t={refused.headers["ratelimit-reset"]}'
        assert (await other.get("/api/v1/things")).status_code == 200


async def test_a_user_is_limited_wherever_they_are_and_a_neighbour_is_not() -> None:
    async with clients("192.0.2.1", "192.0.2.2") as (here, there):
        ada, bob = {"Authorization": "Bearer ada"}, {"Authorization": "Bearer bob"}
        assert [(await here.get("/api/v1/things", headers=ada)).status_code for _ in range(3)] == [200] * 3
        assert (await there.get("/api/v1/things", headers=ada)).status_code == 429
        answer = await there.get("/api/v1/things", headers=bob)
        assert (answer.status_code, answer.headers["ratelimit-limit"]) == (200, "4")


async def test_a_route_of_a_stricter_class_is_counted_by_itself() -> None:
    async with clients("192.0.2.1") as (eager,):
        assert [(await eager.post("/api/v1/tokens")).status_code for _ in range(3)] == [200, 200, 429]
        assert (await eager.get("/api/v1/things")).status_code == 200


@pytest.mark.parametrize(("trusted", "statuses"), [((), [200] * 4 + [429] * 2), (("192.0.2.0/24",), [200] * 6)])
async def test_a_forwarded_address_is_believed_of_a_trusted_proxy_only(
    trusted: tuple[str, ...], statuses: list[int]
) -> None:
    async with clients("192.0.2.1", trusted=trusted) as (proxy,):
        asked = [
            await proxy.get("/api/v1/things", headers={"X-Forwarded-For": f"198.51.100.{n}"})
            for n in range(len(statuses))
        ]
        assert [answer.status_code for answer in asked] == statuses


async def test_who_lies_in_front_of_a_trusted_proxy_is_still_known_by_the_address_it_saw() -> None:
    async with clients("192.0.2.1", trusted=("192.0.2.1",)) as (proxy,):
        lies = [{"X-Forwarded-For": f"203.0.113.{n}, 198.51.100.7"} for n in range(5)]
        assert [(await proxy.get("/api/v1/things", headers=one)).status_code for one in lies] == [200] * 4 + [429]


@pytest.mark.parametrize("on", [True, False])
async def test_the_setting_turns_limits_off(shop: Shop, on: bool) -> None:
    app: Any = rest_app(replace(shop, settings=replace(shop.settings, rate_limits=on)))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://shop") as client:
        answer = await client.get("/api/v1/products")
        health = await client.get("/health/live")
    assert answer.status_code == health.status_code == 200
    assert [name in answer.headers for name in HEADERS] == [on] * 5
    assert not any(name in health.headers for name in HEADERS)


def test_what_gives_passwords_and_tokens_a_try_is_of_a_stricter_class() -> None:
    limits = {f"{route.method} {route.path}": route.limit for one in manifests() for route in one.routes}
    assert limits["GET /api/v1/products"] == "read"
    assert limits["POST /api/v1/orders"] == "write"
    assert limits["POST /api/v1/auth/token"] == "login"
    assert limits["POST /api/v1/auth/guest"] == "guest"
    assert limits["POST /api/v1/auth/register"] == "registration"
    assert limits["POST /api/v1/auth/password-reset"] == "password-reset"
    assert limits["POST /api/v1/carts/{cart_id}/quote"] == limits["POST /api/v1/quotes"] == "coupon"
    assert limits["POST /api/v1/customers/me/export"] == "privacy"
    for name in ("login", "registration", "password-reset", "coupon", "guest", "privacy"):
        assert RATES[name].per_client < RATES["write"].per_client
