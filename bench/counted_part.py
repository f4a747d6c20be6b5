"""Edge or worker as they are, but counted: SQL statements, and in the worker what a subscriber of ours hears when.

    python -m bench.counted_part edge|worker FILE

Everything sent to the database counts, BEGIN and COMMIT too. On SIGTERM the counts are written to FILE.
"""

import sys
from itertools import count
from pathlib import Path
from typing import Any
from unittest import mock

import asyncpg.connection
import msgspec
import uvloop
from msgspec import Struct

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


statements = count()
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
        next(statements)
        return await send(*args, **kwargs)

    return counted


async def part(name: str, settings: Settings) -> Heard:
    """Run it until SIGTERM; what was counted."""
    count_statements()
    found = wiring.manifests()
    with_probe = (*found, Manifest(name="bench", migrations=settings.home, subscribers=(probe,)))
    with mock.patch.object(wiring, "manifests", return_value=with_probe):
        await (edge.serve(settings) if name == "edge" else worker.work(settings))
    return Heard(next(statements), placed, confirmed)


def main() -> None:
    """Run the part that the command line names by the environment's settings."""
    settings = Settings.from_environment()
    logs.configure(settings.log_level.upper())
    heard = uvloop.run(part(sys.argv[1], settings))
    Path(sys.argv[2]).write_bytes(msgspec.json.encode(heard))


if __name__ == "__main__":
    main()
