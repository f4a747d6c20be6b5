"""The shop as seven processes, started by its own command, and people who speak to its gateway."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from shlex import split
from typing import Any

import asyncpg
import httpx2
import pytest
import pytest_asyncio

from tests.adapters.payment_provider.provider_process import ProviderProcess
from tests.engines import address
from tests.markets import DIGEST, HOST, PROVIDER_TIMEOUT_S, Market, Person
from tests.shops import _database
from tradewind.adapters.database.privileges import die_with_parent
from tradewind.adapters.log.kafka.topics import Names
from tradewind.app.audit.across import audit_across
from tradewind.app.cluster import GROUPS
from tradewind.app.elsewhere import OF_INVENTORY
from tradewind.app.engines import Engines
from tradewind.app.free_ports import free_port
from tradewind.app.placement import MAY_BE_APART
from tradewind.app.settings import Settings
from tradewind.app.wiring import migrate_shop, open_shop
from tradewind.kernel.ids import new_id

START_S = 1500
LIMIT_S = 2400
"""For a test of seven processes: one of them waits until all have started."""
ON_CLUSTER = "cluster_market"
KAFKA = "TESTED_KAFKA_SERVERS"
LEFT: pytest.StashKey[set[tuple[str, str]]] = pytest.StashKey()
SETTLE_S = 90.0
TOLD = """
    SELECT type, correlation_id, trace_id, payload::text AS payload, occurred_at FROM runtime.outbox
    WHERE key = $1 ORDER BY position
"""
SHOWN = "SELECT available > 0 FROM catalog.availability WHERE sku = $1"


@dataclass
class ApartMarket(Market):
    """Seven processes as a market: what inventory and the catalog tell each other takes a moment."""

    inventory: Any = None
    """Its own database."""
    payments: Any = None
    """Its own database."""
    placed: str = "PENDING_RESERVATION"
    writing: frozenset[str] = frozenset(f"{'-'.join(GROUPS[0])}/{part}" for part in ("edge", "worker")) | {
        "inventory/edge",
        "payments/edge",
    }

    @property
    def stock_pool(self) -> Any:
        """Inventory's own."""
        return self.inventory

    @property
    def money_pool(self) -> Any:
        """That of payments."""
        return self.payments

    async def goods(self, stock: int, price: str = "12.50", currency: str = "EUR") -> str:
        """A new product, once inventory has heard of it and the catalog of its stock."""
        sku = await super().goods(0, price, currency)
        path = f"/api/v1/inventory/{sku}"
        await self.sees(lambda: _is_found(self.admin, path))
        if stock:
            booked = await self.admin.post(f"{path}/adjustments", {"delta": stock, "reason": "delivery"})
            assert booked.status_code == 201, booked.text
            await self.sees(lambda: self.shop.db.pool.fetchval(SHOWN, sku))
        return sku

    async def cannot_have(self, person: Person, answer: httpx2.Response) -> None:
        """The saga finds out, and cancels."""
        assert answer.status_code == 201, answer.text
        order = await self.comes_to(person, answer.json()["id"], "CANCELED")
        assert "out of stock" in json.dumps(order)

    async def events(self, order_id: str) -> list[Any]:
        """Of all logs, in the order of time; what orders tell of inventory's steps inventory tells as well."""
        here = [
            one for one in await self.shop.db.pool.fetch(TOLD, order_id) if not one["type"].startswith(OF_INVENTORY)
        ]
        there = [one for pool in (self.inventory, self.payments) for one in await pool.fetch(TOLD, order_id)]
        return sorted([*here, *there], key=lambda one: one["occurred_at"])

    async def audited(self, settle_s: float, *, money: bool = True) -> list[str]:
        """What the auditor finds wrong in all databases."""
        own = {one: self.environment[f"TRADEWIND_{one.upper()}_DATABASE_URL"] for one in MAY_BE_APART}
        urls = self.shop.engines.database_url, own, self.shop.engines.provider_url if money else None
        report = await audit_across(*urls, settle_s=max(settle_s, SETTLE_S))
        names = {check.name: check.checked for check in report.checks}
        assert names["heard across databases"] > 0
        assert names["stock ledger"] > 0
        assert names["payments"] > 0
        return report.lines()

    @asynccontextmanager
    async def another_edge(self) -> AsyncIterator[str]:
        """The gateway's: each context has one process here."""
        yield self.urls[0]

    def crowd(self, people: int) -> int:
        """A fifth: each request goes through one more process of this machine."""
        return people // 5


async def _is_found(who: Person, path: str) -> bool:
    return (await who.get(path)).status_code == 200


@dataclass
class Cluster:
    """Seven processes. `market`: its gateway, with the database of all but inventory and payments.

    `environment`: what a shell reads before commands that work on all databases.
    """

    market: Market
    inventory_database_url: str
    payments_database_url: str
    processes: dict[str, str]
    pid: int
    environment: Path

    def edges_of(self, context: str) -> list[int]:
        """The edges among its processes that serve this context."""
        return self._of(context, "edge")

    def _of(self, context: str, part: str) -> list[int]:
        comm = f"tw-{part}\n".encode()
        return [pid for pid in _below(self.pid) if _read(pid, "comm") == comm and context in _contexts(pid)]

    async def audited(self) -> list[str]:
        """What the auditor finds wrong in all databases once everything has been heard."""
        return await self.market.audited(SETTLE_S)

    def kill(self, context: str, part: str = "edge") -> list[int]:
        """Kill -9 that part of the process that serves it, in the midst of whatever it does; those that were killed."""
        killed = self._of(context, part)
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        return killed


def _contexts(pid: int) -> list[str]:
    """Those that a process serves."""
    named = [one for one in _read(pid, "environ").split(b"\0") if one.startswith(b"TRADEWIND_CONTEXTS=")]
    return named[-1].decode().partition("=")[2].split(",") if named else []


def _below(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += _below(int(child))
    return found


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


@pytest_asyncio.fixture(scope="session")
async def cluster(
    settings: Settings, shared_engines: Engines, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Cluster]:
    """A shop of its own, its databases on the servers that all tests share."""
    folder = tmp_path_factory.mktemp("cluster")
    servers, names = address("KAFKA_SERVERS"), Names(f"c{new_id().hex[-12:]}.")
    port = free_port(HOST)
    mine = replace(settings, public_url=f"http://{HOST}:{port}", kafka_servers=servers, kafka_prefix=names.prefix)
    provider = ProviderProcess(tmp_path_factory.mktemp("provider"))
    async with AsyncExitStack() as stack:
        own = await stack.enter_async_context(_database(shared_engines))
        apart = {one: (await stack.enter_async_context(_database(shared_engines))).database_url for one in MAY_BE_APART}
        await stack.enter_async_context(running(provider))
        shops = replace(own, provider_url=provider.url)
        environment = _environment(mine, shops, apart, port)
        child = _begun(folder, environment)
        try:
            up = await _up(child, folder)
            await migrate_shop(shops.database_url)
            nobody: dict[str, Any] = {f"{one}_url": f"grpc://{HOST}:1" for one in MAY_BE_APART}
            of_orders = replace(mine, contexts=("orders",), **nobody)
            async with (
                open_shop(of_orders, shops, connections=4) as shop,
                asyncpg.create_pool(apart["inventory"], min_size=0, max_size=2) as inventory,
                asyncpg.create_pool(apart["payments"], min_size=0, max_size=2) as payments,
                httpx2.AsyncClient(timeout=60, base_url=up["url"]) as http,
            ):
                await shop.db.pool.execute(DIGEST)
                file = Path(up["environment"])
                of_all = {**environment, **_told(file)}
                market = ApartMarket(
                    shop, http, folder, of_all, urls=[up["url"]], inventory=inventory, payments=payments
                )
                databases = up["inventoryDatabaseUrl"], up["paymentsDatabaseUrl"]
                yield Cluster(market, *databases, up["processes"], child.pid, file)
        finally:
            child.terminate()
            await asyncio.to_thread(child.wait, 120)
            _forget(servers, names)


def _begun(folder: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """The command, which ends with whoever runs the tests."""
    return subprocess.Popen(
        [sys.executable, "-m", "tradewind.app.cli", "cluster", "--json"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=(folder / "said").open("wb"),
        stderr=(folder / "cluster.log").open("wb"),
        preexec_fn=partial(die_with_parent, signal.SIGTERM, os.getpid()),  # noqa: PLW1509 -- takes no lock
    )


def _environment(settings: Settings, shops: Engines, apart: Mapping[str, str], port: int) -> dict[str, str]:
    return {
        **os.environ,
        "TRADEWIND_HOME": str(settings.home),
        "TRADEWIND_HOST": HOST,
        "TRADEWIND_PORT": str(port),
        "TRADEWIND_PUBLIC_URL": settings.public_url,
        "TRADEWIND_DATABASE_URL": shops.database_url,
        "TRADEWIND_PROVIDER_URL": shops.provider_url,
        **{f"TRADEWIND_{one.upper()}_DATABASE_URL": url for one, url in apart.items()},
        "TRADEWIND_KAFKA_SERVERS": settings.kafka_servers or "",
        "TRADEWIND_KAFKA_PREFIX": settings.kafka_prefix,
        "TRADEWIND_CONNECT_URL": "",
        "TRADEWIND_PROVIDER_TIMEOUT_S": str(PROVIDER_TIMEOUT_S),
        "TRADEWIND_LOG_LEVEL": "debug",
        "TRADEWIND_RATE_LIMITS": "off",
        "TRADEWIND_WEBHOOK_ALLOW": "127.0.0.0/8",
        "TRADEWIND_ADMIN_PASSWORD": "the first word that came to mind",
    }


def _told(file: Path) -> dict[str, str]:
    """What the command wrote for shells."""
    words = (split(line)[1] for line in file.read_text().splitlines())
    return dict(word.split("=", 1) for word in words)


@pytest.fixture(scope="session")
def cluster_market(cluster: Cluster) -> Market:
    """The same, for whoever has never heard of processes."""
    return cluster.market


@asynccontextmanager
async def running(provider: ProviderProcess) -> AsyncIterator[ProviderProcess]:
    """A provider of its own, so that the auditor looks at nobody else's doings."""
    await provider.start()
    try:
        yield provider
    finally:
        await provider.stop()


async def _up(child: subprocess.Popen[bytes], folder: Path) -> Any:
    """What it says once all of it serves: the last line of what it prints."""
    async with asyncio.timeout(START_S):
        while True:
            assert child.poll() is None, (folder / "cluster.log").read_text()[-4000:]
            for line in (folder / "said").read_text().splitlines():
                if line.startswith("{") and "inventoryDatabaseUrl" in line:
                    return json.loads(line)
            await asyncio.sleep(0.2)


def _forget(servers: str, names: Names) -> None:
    from confluent_kafka.admin import AdminClient

    admin = AdminClient({"bootstrap.servers": servers})
    topics = [name for name in admin.list_topics(timeout=60).topics if name.startswith(names.prefix)]
    for done in admin.delete_topics(topics).values() if topics else ():
        done.result(60)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not for seven processes, and remember why."""
    for item in items:
        if "cluster" in getattr(item, "fixturenames", ()) or ON_CLUSTER in _parameters(item):
            item.add_marker(pytest.mark.timeout(LIMIT_S), append=True)
    config.stash[LEFT] = {(_reason(item), item.path.stem.removeprefix("test_")) for item in items if _reason(item)}
    if left := [item for item in items if ON_CLUSTER in _parameters(item) and _reason(item)]:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]


def _parameters(item: pytest.Item) -> Sequence[Any]:
    spec = getattr(item, "callspec", None)
    return [] if spec is None else list(spec.params.values())


def _reason(item: pytest.Item) -> str:
    mark = item.get_closest_marker("one_process_tree")
    return str(mark.args[0]) if mark else ""


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """What does not go through seven processes, and why."""
    left = config.stash.get(LEFT, set())
    if not (left and terminalreporter.stats.get("passed") and os.environ.get(KAFKA)):
        return
    terminalreporter.section("not on seven processes with three databases", sep="-")
    for why in sorted({one for one, _ in left}):
        terminalreporter.line(f"{', '.join(sorted(name for one, name in left if one == why))}: {why}")
