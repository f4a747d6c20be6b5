"""R16: releases come and go under load, a saga has a step more in one of them: no request fails, every order ends."""

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import aiohttp
import pytest

from tests.chaos.next_release import ADDED
from tests.chaos.nursery import Child
from tests.chaos.served import HOST, ready
from tests.chaos.stands import Stand, dice, seeds
from tests.chaos.workload import APPROVE, NO_CARRIER, SKUS, place
from tradewind.app.free_ports import free_port

BUYERS: Final = 8
EACH: Final = 100
"""Sagas that are brought to rest at each of the places where one can rest; local steps share a transaction."""
PLACES: Final = (
    ("saga.claim.after_commit", APPROVE),
    ("saga.authorize_payment.before_ask", APPROVE),
    ("saga.authorize_payment.after_ask", APPROVE),
    ("saga.capture_payment.after_ask", APPROVE),
    ("saga.undo_authorize_payment.after_ask", NO_CARRIER),
)
UNDER_LOAD: Final = 60
"""Orders placed between two releases."""
NEXT: Final = {"TEST_RELEASE": "tests.chaos.next_release"}
RESTING: Final = """
    SELECT phase || ' ' || step AS place, count(*)::int AS sagas FROM runtime.saga
    WHERE name = 'place_order' GROUP BY 1 ORDER BY 1
"""
HOLD_BACK: Final = (
    "UPDATE runtime.saga SET due_at = now() + interval '1 hour' WHERE phase IN ('STARTED', 'COMPENSATING')"
)
LET_GO: Final = "UPDATE runtime.saga SET due_at = now() WHERE phase IN ('STARTED', 'COMPENSATING')"
VERSIONS: Final = """
    SELECT s.version, count(*)::int AS sagas, count(*) FILTER (WHERE s.phase = 'COMPLETED')::int AS completed,
           count(*) FILTER (WHERE EXISTS (SELECT FROM runtime.saga_journal AS j WHERE j.saga_id = s.id
                                          AND j.step = $1))::int AS screened
    FROM runtime.saga AS s WHERE s.name = 'place_order' GROUP BY s.version ORDER BY s.version
"""


@dataclass
class Buyers:
    """They buy at whatever edge is open, each request on a connection of its own, and note every one that failed."""

    token: str
    open: list[str] = field(default_factory=list)
    placed: list[UUID] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    elsewhere: int = 0
    """Connections that nobody took, as at an edge that has just gone; a balancer would have sent them to another."""
    _moved: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def more(self, number: int) -> None:
        """Wait until so many more orders are placed."""
        goal = len(self.placed) + number
        async with asyncio.timeout(120), self._moved:
            await self._moved.wait_for(lambda: len(self.placed) >= goal)

    async def shop(self, http: aiohttp.ClientSession, number: int) -> None:
        """Buy, until cancelled."""
        headers = {"Authorization": f"Bearer {self.token}"}
        body = {"items": [{"sku": SKUS[number % len(SKUS)], "qty": 1}], "paymentMethod": "simulated:approve"}
        turn = number
        while True:
            turn += 1
            url = self.open[turn % len(self.open)]
            try:
                async with http.post(f"{url}/api/v1/orders", json=body, headers=headers) as answer:
                    told: Any = await answer.json()
                    if answer.status != 201:
                        self.failed.append(f"{answer.status} {told}")
                        continue
            except aiohttp.ClientConnectorError:
                self.elsewhere += 1
                await asyncio.sleep(0)
                continue
            except (aiohttp.ClientError, TimeoutError) as error:
                self.failed.append(repr(error))
                continue
            async with self._moved:
                self.placed.append(UUID(told["id"]))
                self._moved.notify_all()


@asynccontextmanager
async def buying(stand: Stand, first: str) -> AsyncIterator[Buyers]:
    """Buyers who are busy until the block is left."""
    token = stand.shop.keys.sign(subject="ada", roles=("customer",), scopes=("*",), tenant="default", lifetime_s=3600)
    buyers = Buyers(token, [first])
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=30)) as http:
        tasks = [asyncio.create_task(buyers.shop(http, number)) for number in range(BUYERS)]
        try:
            yield buyers
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@dataclass
class Release:
    """An edge and a worker of one release."""

    url: str
    edge: Child
    worker: Child

    async def end(self) -> list[int]:
        """SIGTERM to both; how they ended."""
        for one in (self.edge, self.worker):
            one.kill(signal.SIGTERM)
        return [await one.ended() for one in (self.edge, self.worker)]


async def released(stand: Stand, **more: str) -> Release:
    """A release that is up."""
    port = free_port(HOST)
    url, own = f"http://{HOST}:{port}", {"PUBLIC_URL": stand.shop.settings.public_url, **more}
    release = Release(url, stand.edge(port, **own), stand.worker(**own))
    async with aiohttp.ClientSession() as http:
        await ready(http, url)
    return release


async def resting_everywhere(stand: Stand, seed: int) -> dict[UUID, str]:
    """Orders whose sagas rest wherever one can, by how they must end: workers died when one of them had come so far."""
    expected: dict[UUID, str] = {}
    for boundary, kind in PLACES:
        expected |= await place(stand.shop, [kind] * EACH, dice(seed, boundary))
        worker = stand.worker(FAILPOINTS=f"{boundary}=kill@1")
        assert await worker.ended() == -signal.SIGKILL
        await stand.shop.db.pool.execute(HOLD_BACK)
    await stand.shop.db.pool.execute(LET_GO)
    return expected


async def replaced(buyers: Buyers, stand: Stand, old: Release, **more: str) -> tuple[Release, Sequence[int]]:
    """Another release takes over, as a rolling deployment does it: up first, then the old one is told to go."""
    new = await released(stand, **more)
    buyers.open.append(new.url)
    await buyers.more(UNDER_LOAD)
    buyers.open.remove(old.url)
    codes = await old.end()
    await buyers.more(UNDER_LOAD)
    return new, codes


@pytest.mark.timeout(120 + 180 * len(seeds()))
async def test_releases_come_and_go_under_load_and_no_request_fails_and_every_order_ends(stand: Stand) -> None:
    for seed in seeds():
        resting = await resting_everywhere(stand, seed)
        rest = {row["place"]: row["sagas"] for row in await stand.shop.db.pool.fetch(RESTING)}
        old = await released(stand)
        async with buying(stand, old.url) as buyers:
            await buyers.more(UNDER_LOAD)
            new, went = await replaced(buyers, stand, old, **NEXT)
            back, came_back = await replaced(buyers, stand, new)
            again, again_went = await replaced(buyers, stand, back, **NEXT)
        expected = resting | dict.fromkeys(buyers.placed, "PAID")
        violations = await stand.violations(expected)
        rows = [dict(row) for row in await stand.shop.db.pool.fetch(VERSIONS, ADDED)]
        print(
            f"\nseed {seed}: {len(resting)} sagas rest at {rest}; 3 releases under load: "
            f"{len(buyers.placed)} orders, {len(buyers.failed)} failed, {buyers.elsewhere} found a door shut; {rows}"
        )
        assert {*went, *came_back, *again_went, *await again.end()} == {0}
        assert (buyers.failed, violations) == ([], [])
        first, second = rows
        assert second["screened"] == second["completed"] == second["sagas"] > 0
        assert first["screened"] == 0
        assert first["completed"] >= EACH * (len(PLACES) - 1)
        assert len(rest) >= 3
