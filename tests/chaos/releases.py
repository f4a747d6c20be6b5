"""Releases of the shop side by side, and buyers at whatever edge is open who note every request that failed."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import aiohttp

from tests.chaos.nursery import Child
from tests.chaos.served import HOST, ready
from tests.chaos.stands import Stand
from tests.chaos.workload import SKUS
from tradewind.app.free_ports import free_port

BUYERS: Final = 8


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

    async def sent_away(self) -> None:
        """Wait until a request has failed."""
        async with asyncio.timeout(120), self._moved:
            await self._moved.wait_for(lambda: bool(self.failed))

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
                        await self._fail(f"{answer.status} {told}")
                        continue
            except aiohttp.ClientConnectorError:
                self.elsewhere += 1
                await asyncio.sleep(0)
                continue
            except (aiohttp.ClientError, TimeoutError) as error:
                await self._fail(repr(error))
                continue
            async with self._moved:
                self.placed.append(UUID(told["id"]))
                self._moved.notify_all()

    async def _fail(self, how: str) -> None:
        async with self._moved:
            self.failed.append(how)
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
