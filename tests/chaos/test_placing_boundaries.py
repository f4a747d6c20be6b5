"""R1 at the door: an edge is killed around the commit of an order, its buyer asks another edge with the same key."""

import asyncio
import signal
from uuid import UUID

import aiohttp
import pytest

from tests.chaos.boundaries import EDGE
from tests.chaos.served import HOST, ready
from tests.chaos.stands import Stand, dice
from tests.chaos.workload import SKUS
from tradewind.app.free_ports import free_port

BUYERS = 8
ORDERS = "SELECT id FROM orders.orders"


async def order(http: aiohttp.ClientSession, url: str, token: str, key: str) -> UUID | None:
    """The order that the edge at `url` says there is; None where it dies before it says so."""
    body = {"items": [{"sku": SKUS[0], "qty": 1}], "paymentMethod": "simulated:approve"}
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    try:
        async with http.post(f"{url}/api/v1/orders", json=body, headers=headers) as response:
            assert response.status == 201, await response.text()
            return UUID((await response.json())["id"])
    except aiohttp.ClientConnectionError:
        return None


async def guest(http: aiohttp.ClientSession, url: str) -> str:
    async with http.post(f"{url}/api/v1/auth/guest") as response:
        token: str = (await response.json())["access_token"]
        return token


@pytest.mark.parametrize("boundary", EDGE)
async def test_an_order_whose_edge_died_around_its_commit_is_one_order_when_asked_again(
    stand: Stand, boundary: str
) -> None:
    doomed, other = free_port(HOST), free_port(HOST)
    hit = dice(1, boundary).randint(1, 3)
    victim = stand.edge(doomed, FAILPOINTS=f"{boundary}=kill@{hit}")
    async with aiohttp.ClientSession() as http:
        await ready(http, f"http://{HOST}:{doomed}")
        tokens = [await guest(http, f"http://{HOST}:{doomed}") for _ in range(BUYERS)]
        told: list[UUID | None] = [None] * BUYERS
        for index in range(hit - 1):
            told[index] = await order(http, f"http://{HOST}:{doomed}", tokens[index], "mine")
        lost = range(hit - 1, BUYERS)
        at_once = [order(http, f"http://{HOST}:{doomed}", tokens[index], "mine") for index in lost]
        for index, answer in zip(lost, await asyncio.gather(*at_once), strict=True):
            told[index] = answer
        assert await victim.ended() == -signal.SIGKILL
        committed = {row["id"] for row in await stand.shop.db.pool.fetch(ORDERS)}

        survivor = stand.edge(other)
        await ready(http, f"http://{HOST}:{other}")
        final = [await order(http, f"http://{HOST}:{other}", token, "mine") for token in tokens]
        assert await survivor.stop() == 0
    ids = [one for one in final if one]
    print(f"\n{boundary}: {len(ids)} orders, {len(committed) - BUYERS + told.count(None)} committed without an answer")
    assert len(set(ids)) == BUYERS
    assert committed <= set(ids)
    assert all(was in (None, now) for was, now in zip(told, final, strict=True))
    worker = stand.worker()
    await stand.settles(dict.fromkeys(ids, "PAID"))
    await worker.stop()
    assert {row["id"] for row in await stand.shop.db.pool.fetch(ORDERS)} == set(ids)
