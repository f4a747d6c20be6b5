"""An ended session is refused by every process: the one that ended it, others that run, and one that starts later."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from tests.security.problems import problem
from tests.shops import Shop, open_shop
from tradewind.app.edge import rest_app
from tradewind.kernel.ids import new_id
from tradewind.runtime import tail

pytestmark = pytest.mark.xdist_group("security")

PASSWORD = "a long walk along the coast"


@asynccontextmanager
async def edge(shop: Shop) -> AsyncIterator[httpx2.AsyncClient]:
    """HTTP to one process of the shop."""
    transport: Any = httpx2.ASGITransport(app=rest_app(shop))
    async with httpx2.AsyncClient(transport=transport, base_url="http://shop") as client:
        yield client


async def logged_in(client: httpx2.AsyncClient) -> dict[str, str]:
    """The tokens of somebody new."""
    email = f"{new_id()}@shop.test"
    await client.post("/api/v1/auth/register", json={"email": email, "password": PASSWORD})
    form = {"grant_type": "password", "username": email, "password": PASSWORD}
    tokens: dict[str, str] = (await client.post("/api/v1/auth/token", data=form)).json()
    return tokens


async def look(client: httpx2.AsyncClient, tokens: dict[str, str]) -> httpx2.Response:
    return await client.get("/api/v1/orders", headers={"Authorization": f"Bearer {tokens['access_token']}"})


async def log_out(client: httpx2.AsyncClient, tokens: dict[str, str]) -> None:
    assert (await client.post("/api/v1/auth/revoke", data={"token": tokens["refresh_token"]})).status_code == 200


async def test_a_session_changed_by_hand_opens_nothing(shop: Shop) -> None:
    async with edge(shop) as here:
        tokens, other = await logged_in(here), await logged_in(here)
        await log_out(here, tokens)
        head, claims, signature = tokens["access_token"].split(".")
        said = json.loads(base64.urlsafe_b64decode(claims + "=="))
        alive = json.loads(base64.urlsafe_b64decode(other["access_token"].split(".")[1] + "=="))["sid"]
        for sid in (alive, None, str(new_id())):
            forged = {name: value for name, value in {**said, "sid": sid}.items() if value is not None}
            body = base64.urlsafe_b64encode(json.dumps(forged).encode()).rstrip(b"=").decode()
            problem(await look(here, {"access_token": f"{head}.{body}.{signature}"}), 401, "token-invalid")


async def test_every_process_refuses_an_ended_session_also_one_that_starts_afterwards(shop: Shop) -> None:
    async with open_shop(shop.settings, shop.engines, connections=4) as other, edge(shop) as here, edge(other) as there:
        tokens, twin = await logged_in(here), await logged_in(here)
        assert [(await look(client, tokens)).status_code for client in (here, there)] == [200, 200]
        await log_out(here, tokens)
        problem(await look(here, tokens), 401, "token-revoked")
        await other.tail.caught_up()
        problem(await look(there, tokens), 401, "token-revoked")
        async with open_shop(shop.settings, shop.engines, connections=4) as late, edge(late) as afterwards:
            problem(await look(afterwards, tokens), 401, "token-revoked")
            assert (await look(afterwards, twin)).status_code == 200


async def test_a_process_that_may_be_behind_asks_the_database_and_lets_nobody_in_without_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_shop(shop.settings, shop.engines, connections=4) as other, edge(shop) as here, edge(other) as there:
        tokens, twin = await logged_in(here), await logged_in(here)
        assert (await look(there, tokens)).status_code == 200
        monkeypatch.setattr(tail, "STALE_AFTER_S", -1.0)
        await log_out(here, tokens)
        problem(await look(there, tokens), 401, "token-revoked")
        assert (await look(there, twin)).status_code == 200
        await other.db.pool.close()
        problem(await look(there, twin), 503, "database-away")
        problem(await look(there, {"access_token": "forged"}), 401, "token-invalid")


async def test_reuse_of_a_refresh_token_ends_its_family_and_the_very_next_request_is_refused(shop: Shop) -> None:
    async with edge(shop) as here:
        tokens = await logged_in(here)
        form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        turned = (await here.post("/api/v1/auth/token", data=form)).json()
        assert (await look(here, turned)).status_code == 200
        assert (await here.post("/api/v1/auth/token", data=form)).json()["error"] == "invalid_grant"
        for one in (tokens, turned):
            problem(await look(here, one), 401, "token-revoked")
            again = {"grant_type": "refresh_token", "refresh_token": one["refresh_token"]}
            assert (await here.post("/api/v1/auth/token", data=again)).json()["error"] == "invalid_grant"
