"""The worker process: carries sagas, relays events, keeps timers. Started and restarted by `tradewind serve`."""

import tradewind.app.first  # noqa: F401 -- see there

# isort: split
import asyncio
import os
import signal

import uvloop

from tradewind.app.engines import engines
from tradewind.app.memory import set_aside
from tradewind.app.placement import at_home, named
from tradewind.app.settings import Settings
from tradewind.app.told import READY_FILE
from tradewind.app.wiring import open_shop
from tradewind.runtime.telemetry import logs, traces


async def work(settings: Settings) -> None:
    """Work until SIGTERM; what is under way then is left to its leases."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with engines(settings) as found, open_shop(settings, found, gives_way=True, listens=False) as shop:
        if ready := os.environ.get(READY_FILE):
            os.close(os.open(ready, os.O_CREAT | os.O_WRONLY, 0o600))
        set_aside()
        await shop.work(stop)


def main() -> None:
    """Run a worker by the environment's settings."""
    settings = at_home(Settings.from_environment())
    logs.configure(settings.log_level.upper(), named(settings, "worker"), settings.log_folder)
    traces.configure("tradewind-worker")
    uvloop.run(work(settings))


if __name__ == "__main__":
    main()
