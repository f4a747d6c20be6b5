"""`tradewind keys rotate` from another process: who serves signs with the new key soon, and nobody is logged out."""

import asyncio
import base64
import sys
from typing import Any

import msgspec
import pytest

from tests.markets import Market, Person

pytestmark = pytest.mark.xdist_group("journeys")


async def rotate(market: Market) -> Any:
    """Run `tradewind keys rotate`; what it printed."""
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tradewind.app.cli", "keys", "rotate", "--json",
        env=market.environment, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    printed, _ = await running.communicate()
    assert running.returncode == 0
    return msgspec.json.decode(printed)


def kid(token: str) -> str:
    header: dict[str, str] = msgspec.json.decode(base64.urlsafe_b64decode(token.partition(".")[0] + "=="))
    return header["kid"]


async def a_guest(market: Market) -> Person:
    token = (await market.nobody.post("/api/v1/auth/guest")).json()["access_token"]
    return Person(market.http, token)


async def test_a_shop_that_serves_signs_with_another_key_and_knows_the_tokens_of_the_ones_before(
    market: Market,
) -> None:
    before = await a_guest(market)
    for _ in range(2):
        rotation = await rotate(market)

        async def signs_with_it(current: str = rotation["current"]) -> Person | None:
            guest = await a_guest(market)
            return guest if guest.token and kid(guest.token) == current else None

        after = await market.sees(signs_with_it)
        assert kid(after.token) != kid(before.token or "")
        for guest in (before, after):
            assert (await guest.get("/api/v1/orders")).status_code == 200
        published = (await market.nobody.get("/.well-known/jwks.json")).json()["keys"]
        assert [key["kid"] for key in published][-2:] == [rotation["current"], rotation["next"]]
