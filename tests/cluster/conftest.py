"""The shop as seven processes, started by its own command, and people who speak to its gateway."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest_asyncio

from tests.engines import address
from tests.markets import HOST, Market
from tests.shops import _database
from tradewind.adapters.database.privileges import die_with_parent
from tradewind.adapters.log.kafka.topics import Names
from tradewind.app.engines import Engines
from tradewind.app.free_ports import free_port
from tradewind.app.settings import Settings
from tradewind.app.wiring import migrate_shop, open_shop
from tradewind.kernel.ids import new_id

START_S = 300


@dataclass
class Cluster:
    """Seven processes. `market`: its gateway, with the database of all but inventory."""

    market: Market
    inventory_database_url: str
    processes: dict[str, str]
    pid: int

    def edges_of(self, context: str) -> list[int]:
        """The edges among its processes that serve this context."""
        return [
            pid
            for pid in _below(self.pid)
            if b"tradewind.app.edge" in _read(pid, "cmdline")
            and f"TRADEWIND_CONTEXTS={context}\0".encode() in _read(pid, "environ")
        ]

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


@pytest_asyncio.fixture
async def cluster(settings: Settings, shared_engines: Engines, tmp_path: Path) -> AsyncIterator[Cluster]:
    """A shop of its own, both databases on the servers that all tests share."""
    servers, names = address("KAFKA_SERVERS"), Names(f"c{new_id().hex[-12:]}.")
    port = free_port(HOST)
    mine = replace(settings, public_url=f"http://{HOST}:{port}", kafka_servers=servers, kafka_prefix=names.prefix)
    async with _database(shared_engines) as shops, _database(shared_engines) as inventorys:
        environment = {
            **os.environ,
            "TRADEWIND_HOME": str(settings.home),
            "TRADEWIND_HOST": HOST,
            "TRADEWIND_PORT": str(port),
            "TRADEWIND_PUBLIC_URL": mine.public_url,
            "TRADEWIND_DATABASE_URL": shops.database_url,
            "TRADEWIND_PROVIDER_URL": shops.provider_url,
            "TRADEWIND_INVENTORY_DATABASE_URL": inventorys.database_url,
            "TRADEWIND_KAFKA_SERVERS": servers,
            "TRADEWIND_KAFKA_PREFIX": names.prefix,
            "TRADEWIND_CONNECT_URL": "",
            "TRADEWIND_RATE_LIMITS": "off",
            "TRADEWIND_ADMIN_PASSWORD": "the first word that came to mind",
        }
        log = (tmp_path / "cluster.log").open("wb")
        child = subprocess.Popen(
            [sys.executable, "-m", "tradewind.app.cli", "cluster", "--json"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=(tmp_path / "said").open("wb"),
            stderr=log,
            preexec_fn=partial(die_with_parent, signal.SIGTERM, os.getpid()),  # noqa: PLW1509 -- takes no lock
        )
        try:
            up = await _up(child, tmp_path)
            await migrate_shop(shops.database_url)
            of_orders = replace(mine, contexts=("orders",), inventory_url=f"grpc://{HOST}:1")
            async with (
                open_shop(of_orders, shops, connections=4) as shop,
                httpx2.AsyncClient(timeout=60, base_url=up["url"]) as http,
            ):
                market = Market(shop, http, tmp_path, environment)
                yield Cluster(market, up["inventoryDatabaseUrl"], up["processes"], child.pid)
        finally:
            child.terminate()
            await asyncio.to_thread(child.wait, 120)
            _forget(servers, names)


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
    topics = [name for name in admin.list_topics(timeout=10).topics if name.startswith(names.prefix)]
    for done in admin.delete_topics(topics).values() if topics else ():
        done.result(10)
