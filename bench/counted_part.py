"""Edge or worker as they are, but counted: SQL statements, and in the worker what a subscriber of ours hears when.

    python -m bench.counted_part edge|worker FILE

Everything sent to the database counts, BEGIN and COMMIT too. On SIGTERM, and whenever SIGUSR1 asks, the counts are
written to FILE. The edge answers the static route of bench.static_edge too.
"""

import asyncio
import signal
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import asyncpg.connection
import msgspec
import uvloop
from msgspec import Struct

from bench.static_edge import static
from tradewind.app import edge, wiring, worker
from tradewind.app.settings import Settings
from tradewind.contracts.orders import OrderConfirmed, OrderPlaced
from tradewind.kernel.clock import now
from tradewind.runtime.database import Tx
from tradewind.runtime.manifest import Manifest
from tradewind.runtime.subscriptions import subscriber
from tradewind.runtime.telemetry import logs


class Heard(Struct, frozen=True):
    """What one part counted, and when each order's events reached the subscriber, in Unix seconds."""

    statements: int
    placed: dict[str, float] = {}
    confirmed: dict[str, float] = {}


class Sent:
    """SQL statements sent so far."""

    count = 0


placed: dict[str, float] = {}
confirmed: dict[str, float] = {}


@subscriber
async def probe(event: OrderPlaced | OrderConfirmed, tx: Tx) -> None:
    """Note the moment."""
    (placed if isinstance(event, OrderPlaced) else confirmed)[str(event.order_id)] = now().timestamp()


def count_statements() -> None:
    """Count whatever the driver sends from now on."""
    connection = asyncpg.connection.Connection
    for name in ("execute", "fetch", "fetchrow", "fetchval"):
        setattr(connection, name, _counted(getattr(connection, name)))


def _counted(send: Any) -> Any:
    async def counted(*args: Any, **kwargs: Any) -> Any:
        Sent.count += 1
        return await send(*args, **kwargs)

    return counted


def write(file: Path) -> None:
    """Say what was counted until now; the file appears whole."""
    unfinished = file.with_suffix(".part")
    unfinished.write_bytes(msgspec.json.encode(Heard(Sent.count, placed, confirmed)))
    unfinished.rename(file)


async def part(name: str, settings: Settings, file: Path) -> None:
    """Run it until SIGTERM."""
    count_statements()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, write, file)
    found = wiring.manifests()
    with_probe = (*found, Manifest(name="bench", migrations=settings.home, subscribers=(probe,)))
    with mock.patch.object(wiring, "manifests", return_value=with_probe):
        await (edge.serve(settings, also=[static]) if name == "edge" else worker.work(settings))
    write(file)


def main() -> None:
    """Run the part that the command line names by the environment's settings."""
    settings = Settings.from_environment()
    logs.configure(settings.log_level.upper())
    uvloop.run(part(sys.argv[1], settings, Path(sys.argv[2])))


if __name__ == "__main__":
    main()
