"""A whole shop as `tradewind serve` runs it, in a home of its own, and buyers who do not give up."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import aiohttp
import asyncpg

from tradewind.adapters.database.privileges import die_with_parent
from tradewind.app.audit import audit
from tradewind.app.engines import Engines, engines
from tradewind.app.free_ports import free_port
from tradewind.app.settings import Settings
from tradewind.app.supervision import gone
from tradewind.app.told import SAMPLE_SKU
from tradewind.kernel.clock import now

HOST: Final = "127.0.0.1"
PASSWORD: Final = "as long as it takes"
BUYERS: Final = 12
METHODS: Final = ("approve", "approve", "approve", "decline", "lost-answer")
READY_WITHIN_S: Final = 300.0
SETTLE_S: Final = 60.0
AGAIN_S: Final = 0.02
"""Pause of a buyer who was not served."""
PLACED: Final = "SELECT id, placed_at FROM orders.orders"
SAID: Final = 60
"""Lines of its log that are shown of a shop that does not do what is waited for."""


@dataclass
class Served:
    """`tradewind serve` on one home and one port, started as often as it is killed."""

    home: Path
    port: int = field(default_factory=lambda: free_port(HOST))
    process: subprocess.Popen[bytes] | None = None
    more: Mapping[str, str] = field(default_factory=dict)
    """Settings beyond the usual ones."""

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        """Start it; does not wait until it is ready."""
        environment = {
            **os.environ,
            "TRADEWIND_HOME": str(self.home),
            "TRADEWIND_ADMIN_PASSWORD": PASSWORD,
            "TRADEWIND_SAGA_LEASE_S": "2",
            "TRADEWIND_PROVIDER_TIMEOUT_S": "1",
            "TRADEWIND_LOG_LEVEL": "warning",
            "TRADEWIND_RATE_LIMITS": "off",
            **self.more,
        }
        with self.home.with_suffix(".log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tradewind.app.cli", "serve", "--port", str(self.port)],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=partial(die_with_parent, signal.SIGKILL, os.getpid()),  # noqa: PLW1509 -- takes no lock
            )

    async def kill(self) -> None:
        """SIGKILL the head; the parts must follow by themselves."""
        assert self.process
        tree = _descendants(self.process.pid)
        self.process.kill()
        async with asyncio.timeout(READY_WITHIN_S):
            for process in tree:
                await gone(process)
        self.process.wait()

    async def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self.process
        self.process.terminate()
        return await asyncio.to_thread(self.process.wait)

    def said(self) -> list[str]:
        """The last lines of its log."""
        return self.home.with_suffix(".log").read_text(errors="replace").splitlines()[-SAID:]

    def postmaster(self) -> int:
        """The id of its Postgres."""
        return int((self.home / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])


def _descendants(head: int) -> list[int]:
    """The children of a process and theirs; the engines' keeper is nobody's child for long, and not meant."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            if b"tradewind.app.keeper" not in (entry / "cmdline").read_bytes():
                children.setdefault(parent, []).append(int(entry.name))
    found, waiting = [], [head]
    while waiting:
        waiting += (new := children.get(waiting.pop(), []))
        found += new
    return found


@dataclass
class Wish:
    """One order that a buyer wants, under one Idempotency-Key."""

    key: str
    order_id: UUID | None = None
    errors: list[str] = field(default_factory=list)
    last_error: datetime | None = None


@dataclass
class Crowd:
    """Buyers who each place one order after the other and repeat, with its key, what they got no answer to."""

    url: str
    wishes: list[Wish] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    _served: asyncio.Condition = field(default_factory=asyncio.Condition)
    _closing: bool = False

    @property
    def accepted(self) -> list[Wish]:
        """Those that were answered with 2xx."""
        return [wish for wish in self.wishes if wish.order_id]

    async def accepts(self, more: int) -> None:
        """Wait until so many more orders are accepted."""
        goal = len(self.accepted) + more
        async with asyncio.timeout(READY_WITHIN_S), self._served:
            await self._served.wait_for(lambda: len(self.accepted) >= goal)

    def close(self) -> None:
        """No new wishes; those there are are insisted on."""
        self._closing = True

    async def shop(self) -> None:
        """Buy until `close`."""
        timeout = aiohttp.ClientTimeout(total=10)
        async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as http:
            await asyncio.gather(*(self._buy(http, number) for number in range(BUYERS)))

    async def _buy(self, http: aiohttp.ClientSession, number: int) -> None:
        guest = await self._insist(http, "/api/v1/auth/guest", None, {}, Wish("guest"))
        headers = {"Authorization": f"Bearer {guest['access_token']}"}
        while not self._closing:
            await self._buy_one(http, number, headers)

    async def _buy_one(self, http: aiohttp.ClientSession, number: int, headers: Mapping[str, str]) -> None:
        wish = Wish(f"{number}-{len(self.wishes)}")
        self.wishes.append(wish)
        method = METHODS[len(self.wishes) % len(METHODS)]
        body = {"items": [{"sku": SAMPLE_SKU, "qty": 1}], "paymentMethod": f"simulated:{method}"}
        answer = await self._insist(http, "/api/v1/orders", body, {**headers, "Idempotency-Key": wish.key}, wish)
        wish.order_id = UUID(answer["id"])
        async with self._served:
            self._served.notify_all()

    async def _insist(
        self, http: aiohttp.ClientSession, path: str, body: Any, headers: Mapping[str, str], wish: Wish
    ) -> Any:
        while (answer := await self._try(http, path, body, headers, wish)) is None:  # noqa: ASYNC110 -- the shop rings no bell
            await asyncio.sleep(AGAIN_S)
        return answer

    async def _try(
        self, http: aiohttp.ClientSession, path: str, body: Any, headers: Mapping[str, str], wish: Wish
    ) -> Any:
        """The answer, or None and a note of what was the trouble."""
        try:
            async with http.post(self.url + path, json=body, headers=headers) as response:
                if response.status < 300:
                    return await response.json()
                trouble = f"{response.status} {(await response.text())[:200]}"
                if response.status < 500 and response.status != 409:
                    self.unexpected.append(trouble)
        except (aiohttp.ClientError, TimeoutError) as error:
            trouble = type(error).__name__
        wish.errors.append(trouble)
        wish.last_error = now()
        return None


@dataclass
class Outcome:
    """What came of a trial."""

    accepted: int
    repeated: int
    """Wishes that were repeated with their key after an error."""
    ambiguous: int
    """Wishes that had committed although an error was seen."""
    violations: list[str]


@asynccontextmanager
async def crowded(served: Served) -> AsyncIterator[Crowd]:
    """Buyers while the block runs; when it is left, each has an answer to all that it asked."""
    crowd = Crowd(served.url)
    async with shopping_with(crowd):
        yield crowd


@asynccontextmanager
async def shopping_with(crowd: Crowd) -> AsyncIterator[None]:
    """The same with this crowd."""
    await _stock_up(crowd.url)
    shopping = asyncio.create_task(crowd.shop())
    try:
        yield
        crowd.close()
        async with asyncio.timeout(READY_WITHIN_S):
            await shopping
    finally:
        shopping.cancel()
        await asyncio.gather(shopping, return_exceptions=True)


async def _stock_up(url: str) -> None:
    form = {"grant_type": "password", "username": "admin@localhost", "password": PASSWORD}
    async with aiohttp.ClientSession() as http:
        await ready(http, url)
        async with http.post(f"{url}/api/v1/auth/token", data=form) as response:
            headers = {"Authorization": f"Bearer {(await response.json())['access_token']}"}
        delivery = {"delta": 1_000_000, "reason": "delivery"}
        path = f"/api/v1/inventory/{SAMPLE_SKU}/adjustments"
        async with http.post(url + path, json=delivery, headers=headers) as response:
            assert response.status < 300, await response.text()


async def ready(http: aiohttp.ClientSession, url: str) -> None:
    """Wait until the shop says that it is ready."""
    async with asyncio.timeout(READY_WITHIN_S):
        while True:
            with suppress(aiohttp.ClientError):
                async with http.get(f"{url}/health/ready") as response:
                    if response.status == 200:
                        return
            await asyncio.sleep(AGAIN_S)


async def judge(served: Served, crowd: Crowd) -> Outcome:
    """Let the shop settle, then hold what the buyers were told against what there is, and audit it."""
    async with engines(Settings(home=served.home)) as found:
        return await judge_at(found, crowd)


async def judge_at(found: Engines, crowd: Crowd, settle_s: float = SETTLE_S) -> Outcome:
    """The same of a shop whose database and provider are at `found`."""
    report = await audit(found.database_url, found.provider_url, settle_s=settle_s)
    connection = await asyncpg.connect(found.database_url)
    placed = {row["id"]: row["placed_at"] for row in await connection.fetch(PLACED)}
    await connection.close()
    told = [wish.order_id for wish in crowd.accepted if wish.order_id]
    repeated = [wish for wish in crowd.accepted if wish.errors]
    ambiguous = [wish for wish in repeated if _had_committed(wish, placed)]
    wrong = [f"accepted, but lost: {order_id}" for order_id in told if order_id not in placed]
    wrong += [f"nobody's order: {order_id}" for order_id in placed if order_id not in set(told)]
    if len(set(told)) != len(crowd.wishes):
        wrong.append(f"{len(crowd.wishes)} keys, {len(set(told))} orders")
    return Outcome(len(told), len(repeated), len(ambiguous), [*crowd.unexpected, *wrong, *report.lines()])


def _had_committed(wish: Wish, placed: Mapping[UUID, datetime]) -> bool:
    assert wish.order_id
    assert wish.last_error
    return wish.order_id in placed and placed[wish.order_id] < wish.last_error
