"""Edge or worker, with what happens after an order or without: python -m bench.subscribers_part edge|worker [without]

Without, nobody owes or sends messages, hears of returns, reads the log for partners, or tells sockets about orders.
"""

import sys
from dataclasses import replace
from typing import Final
from unittest import mock

import uvloop

from tradewind.app import edge, wiring, worker
from tradewind.app.settings import Settings
from tradewind.runtime.manifest import Manifest
from tradewind.runtime.telemetry import logs

SILENT: Final = ("notifications", "returns", "webhooks")
LISTENER: Final = "orders.announce_orders"


def silenced(one: Manifest) -> Manifest:
    """The context without what it does after an order."""
    if one.name in SILENT:
        return replace(one, subscribers=(), timers=())
    return replace(one, listeners=tuple(listener for listener in one.listeners if listener.name != LISTENER))


async def part(name: str, settings: Settings, *, without: bool) -> None:
    """Run it until SIGTERM."""
    found = wiring.manifests()
    chosen = tuple(map(silenced, found)) if without else found
    with mock.patch.object(wiring, "manifests", return_value=chosen):
        await (edge.serve(settings) if name == "edge" else worker.work(settings))


if __name__ == "__main__":
    read = Settings.from_environment()
    logs.configure(read.log_level.upper())
    uvloop.run(part(sys.argv[1], read, without="without" in sys.argv[2:]))
