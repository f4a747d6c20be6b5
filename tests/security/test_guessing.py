"""S10. A thousand guesses at one login, from three processes at once: ten are looked at, and it is told once."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import httpx2
import pytest

from tests.shops import Shop, open_shop
from tradewind.app.edge import rest_app
from tradewind.contexts.identity.manifest import MAX_TRIES
from tradewind.kernel.ids import new_id

pytestmark = pytest.mark.xdist_group("security")

PASSWORD = "a long walk along the coast"
GUESSES = 1_000
AT_ONCE = 30
TRAIL = "SELECT count(*) FROM runtime.audit_entry WHERE action = 'identity.lock_login'"


async def guess(client: httpx2.AsyncClient, email: str, password: str, room: asyncio.Semaphore) -> httpx2.Response:
    form = {"grant_type": "password", "username": email, "password": password}
    async with room:
        return await client.post("/api/v1/auth/token", data=form)


async def test_however_many_guess_from_wherever_ten_tries_are_looked_at(shop: Shop) -> None:
    email, room = f"{new_id()}@shop.test", asyncio.Semaphore(AT_ONCE)
    async with AsyncExitStack() as stack:
        shops = [shop]
        for _ in range(2):
            shops.append(await stack.enter_async_context(open_shop(shop.settings, shop.engines, connections=6)))
        transports: list[Any] = [httpx2.ASGITransport(app=rest_app(one)) for one in shops]
        edges = [
            await stack.enter_async_context(httpx2.AsyncClient(transport=transport, base_url="http://shop"))
            for transport in transports
        ]
        await edges[0].post("/api/v1/auth/register", json={"email": email, "password": PASSWORD})
        answers = await asyncio.gather(*(guess(edges[n % 3], email, f"guess {n}", room) for n in range(GUESSES)))
        said = [answer.status_code for answer in answers]
        assert (said.count(400), said.count(429)) == (MAX_TRIES, GUESSES - MAX_TRIES)
        late = await guess(edges[1], email, PASSWORD, room)
    assert (late.status_code, late.json()["error"]) == (429, "temporarily_unavailable")
    assert 1 <= int(late.headers["retry-after"]) <= 900
    assert await shop.db.pool.fetchval(TRAIL) == 1
