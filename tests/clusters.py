"""The shop as seven processes, started by its own command, and people who speak to its gateway."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from tests.adapters.payment_provider.provider_process import ProviderProcess
from tests.engines import address
from tests.markets import HOST, PROVIDER_TIMEOUT_S, Market
from tests.shops import _database
from tradewind.adapters.database.privileges import die_with_parent
from tradewind.adapters.log.kafka.topics import Names
from tradewind.app.audit.across import audit_across
from tradewind.app.engines import Engines
from tradewind.app.free_ports import free_port
from tradewind.app.settings import Settings
from tradewind.app.wiring import migrate_shop, open_shop
from tradewind.kernel.ids import new_id

START_S = 1500
SETTLE_S = 90.0


@dataclass
class Cluster:
    """Seven processes. `market`: its gateway, with the database of all but inventory.

    `environment`: what a shell reads before commands that work on both databases.
    """

    market: Market
    inventory_database_url: str
    processes: dict[str, str]
    pid: int
    environment: Path

    def edges_of(self, context: str) -> list[int]:
        """The edges among its processes that serve this context."""
        return [
            pid
            for pid in _below(self.pid)
            if _read(pid, "comm") == b"tw-edge\n"
            and f"TRADEWIND_CONTEXTS={context}\0".encode() in _read(pid, "environ")
        ]

    async def audited(self) -> list[str]:
        """What the auditor finds wrong in both databases once everything has been heard."""
        engines = self.market.shop.engines
        both = engines.database_url, self.inventory_database_url
        report = await audit_across(*both, engines.provider_url, settle_s=SETTLE_S)
        names = {check.name: check.checked for check in report.checks}
        assert names["heard across databases"] > 0
        assert names["stock ledger"] > 0
        return report.lines()

    def kill(self, context: str) -> list[int]:
        """Kill -9 the edge that serves it, in the midst of whatever it does; those that were killed."""
        killed = self.edges_of(context)
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        return killed


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
    """A shop of its own, both databases on the servers that all tests share."""
    folder = tmp_path_factory.mktemp("cluster")
    servers, names = address("KAFKA_SERVERS"), Names(f"c{new_id().hex[-12:]}.")
    port = free_port(HOST)
    mine = replace(settings, public_url=f"http://{HOST}:{port}", kafka_servers=servers, kafka_prefix=names.prefix)
    provider = ProviderProcess(tmp_path_factory.mktemp("provider"))
    async with _database(shared_engines) as own, _database(shared_engines) as inventorys, running(provider):
        shops = replace(own, provider_url=provider.url)
        environment = _environment(mine, shops, inventorys.database_url, port)
        log = (folder / "cluster.log").open("wb")
        child = subprocess.Popen(
            [sys.executable, "-m", "tradewind.app.cli", "cluster", "--json"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=(folder / "said").open("wb"),
            stderr=log,
            preexec_fn=partial(die_with_parent, signal.SIGTERM, os.getpid()),  # noqa: PLW1509 -- takes no lock
        )
        try:
            up = await _up(child, folder)
            await migrate_shop(shops.database_url)
            of_orders = replace(mine, contexts=("orders",), inventory_url=f"grpc://{HOST}:1")
            async with (
                open_shop(of_orders, shops, connections=4) as shop,
                httpx2.AsyncClient(timeout=60, base_url=up["url"]) as http,
            ):
                market = Market(shop, http, folder, environment, urls=[up["url"]])
                yield Cluster(market, up["inventoryDatabaseUrl"], up["processes"], child.pid, Path(up["environment"]))
        finally:
            child.terminate()
            await asyncio.to_thread(child.wait, 120)
            _forget(servers, names)


def _environment(settings: Settings, shops: Engines, inventory_database_url: str, port: int) -> dict[str, str]:
    return {
        **os.environ,
        "TRADEWIND_HOME": str(settings.home),
        "TRADEWIND_HOST": HOST,
        "TRADEWIND_PORT": str(port),
        "TRADEWIND_PUBLIC_URL": settings.public_url,
        "TRADEWIND_DATABASE_URL": shops.database_url,
        "TRADEWIND_PROVIDER_URL": shops.provider_url,
        "TRADEWIND_INVENTORY_DATABASE_URL": inventory_database_url,
        "TRADEWIND_KAFKA_SERVERS": settings.kafka_servers or "",
        "TRADEWIND_KAFKA_PREFIX": settings.kafka_prefix,
        "TRADEWIND_CONNECT_URL": "",
        "TRADEWIND_PROVIDER_TIMEOUT_S": str(PROVIDER_TIMEOUT_S),
        "TRADEWIND_RATE_LIMITS": "off",
        "TRADEWIND_ADMIN_PASSWORD": "the first word that came to mind",
    }


@asynccontextmanager
async def running(provider: ProviderProcess) -> AsyncIterator[None]:
    """A provider of its own, so that the auditor looks at nobody else's doings."""
    await provider.start()
    try:
        yield
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
