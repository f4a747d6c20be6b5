"""The processes that are measured: started, waited for, asked what they cost, ended."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec

from bench.load import Plan, Result
from tradewind.adapters.database.embedded import processes_in
from tradewind.app.engines import Engines
from tradewind.app.free_ports import free_port
from tradewind.app.settings import Settings
from tradewind.app.told import READY_FILE

START_WITHIN_S: Final = 60.0
POLL_S: Final = 0.05
BESIDE: Final = (
    "REDIS_URL", "RABBITMQ_URL", "OPENSEARCH_URL", "CASSANDRA_SERVERS", "MONGODB_URL", "CLICKHOUSE_URL", "OPA_URL"
)  # fmt: skip
"""Settings that name engines beside Postgres and Kafka."""
_TICK_US: Final = 1_000_000 / os.sysconf("SC_CLK_TCK")


def bare(settings: Settings) -> Settings:
    """The same, with nothing named but Postgres and Kafka."""
    nothing: dict[str, Any] = {name.lower(): None for name in BESIDE}
    return replace(settings, **nothing)


@dataclass(frozen=True)
class Place:
    """Where one shop's processes find everything."""

    settings: Settings
    found: Engines
    port: int

    def environment(self, **more: str) -> dict[str, str]:
        """What `tradewind serve` tells its parts."""
        metrics = self.settings.home / "run" / f"metrics-{self.port}"
        metrics.mkdir(parents=True, exist_ok=True)
        return {
            **os.environ,
            "TRADEWIND_HOME": str(self.settings.home),
            "TRADEWIND_DATABASE_URL": self.found.database_url,
            "TRADEWIND_PROVIDER_URL": self.found.provider_url,
            "TRADEWIND_PORT": str(self.port),
            "TRADEWIND_PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "TRADEWIND_LOG_LEVEL": "error",
            "TRADEWIND_RATE_LIMITS": "off",
            "PROMETHEUS_MULTIPROC_DIR": str(metrics),
            **more,
        }


@asynccontextmanager
async def running(
    argv: Sequence[str], environment: Mapping[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A Python process `python -m argv`, asked to end when the block is left."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", *argv, env=environment)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(10):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def answering(url: str) -> None:
    """Return when something answers at `url`, whatever it says."""
    async with aiohttp.ClientSession() as client, asyncio.timeout(START_WITHIN_S):
        while True:
            with suppress(aiohttp.ClientError):
                async with client.get(url):
                    return
            await asyncio.sleep(POLL_S)


async def appearing(file: Path) -> None:
    """Return when there is such a file."""
    async with asyncio.timeout(START_WITHIN_S):
        while not file.exists():  # noqa: ASYNC110, ASYNC240 -- another process makes it
            await asyncio.sleep(POLL_S)


async def guest_token(port: int) -> str:
    """A token of a new guest of the shop at `port`."""
    async with aiohttp.ClientSession() as client, client.post(f"http://127.0.0.1:{port}/api/v1/auth/guest") as response:
        return str((await response.json())["access_token"])


async def load(plan: Plan) -> Result:
    """Let another process ask; raises RuntimeError where an order was refused or a connection lost."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.load", stdin=pipe, stdout=pipe)
    out, _ = await process.communicate(msgspec.json.encode(plan))
    if process.returncode:
        raise RuntimeError("the load generator failed")
    result = msgspec.json.decode(out, type=Result)
    if result.refused:
        raise RuntimeError(f"orders were refused, by status: {result.refused}")
    return result


class Meter:
    """CPU microseconds that processes have used, by name."""

    def __init__(self, settings: Settings, own: Mapping[str, int]) -> None:
        self._postgres = settings.home / "postgres" / "data"
        provider = _provider(settings.home)
        self._own = {**own, "provider": provider} if provider else dict(own)

    def read(self) -> dict[str, float]:
        """Since each began. Postgres counts with what its ended children used."""
        used = {name: _used_us(pid) for name, pid in self._own.items()}
        if self._postgres.exists():
            used["postgres"] = sum(_used_us(pid) for pid in processes_in(self._postgres))
        return used


def _used_us(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) * _TICK_US  # utime, stime and the same of children that were waited for


def _provider(home: Path) -> int | None:
    """The simulated provider of this home, found by its command line."""
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit():
                words = (entry / "cmdline").read_bytes().split(b"\0")
                if any(b"payment_provider.simulator" in word for word in words) and str(home).encode() in b" ".join(
                    words
                ):
                    return int(entry.name)
    return None


@asynccontextmanager
async def counted(
    settings: Settings, found: Engines, **more: str
) -> AsyncIterator[tuple[int, dict[str, int], dict[str, Path]]]:
    """Edge and worker that count what they send: the edge's port, their process ids, and the files of their counts.

    `more` are settings of theirs.
    """
    place = Place(settings, found, free_port("127.0.0.1"))
    files = {name: settings.home / "run" / f"bench-{name}-{place.port}.json" for name in ("edge", "worker")}
    ready = settings.home / "run" / f"bench-ready-{place.port}"
    async with (
        running(["bench.counted_part", "edge", str(files["edge"])], place.environment(**more)) as edge,
        running(
            ["bench.counted_part", "worker", str(files["worker"])],
            place.environment(**more, **{READY_FILE: str(ready)}),
        ) as worker,
    ):
        await answering(f"http://127.0.0.1:{place.port}/health/ready")
        await appearing(ready)
        yield place.port, {"edge": edge.pid, "worker": worker.pid}, files
