"""`tradewind bench place-order`: (a) and (b) in a database of its own, which is dropped afterwards."""

from collections.abc import Callable

import uvloop
from rich.console import Console

from tradewind.app.bench import raw_limit
from tradewind.app.bench.contest import SHELVES, in_process, in_process_goals
from tradewind.app.bench.own_database import own_database
from tradewind.app.bench.report import Goal, Report
from tradewind.app.bench.rounds import Rounds
from tradewind.app.bench.shelves import SKUS, fill
from tradewind.app.engines import EngineError, engines
from tradewind.app.settings import Settings
from tradewind.app.wiring import migrate_shop, open_shop
from tradewind.runtime.telemetry import logs


def run_bench(settings: Settings, *, json: bool, rounds: int, orders: int) -> int:
    """Measure and print; the exit code. A missed goal is a finding, not a failure."""
    console = Console(stderr=True)
    logs.configure("ERROR")
    try:
        report = uvloop.run(
            measure(settings, rounds, orders, lambda line: console.print(line, markup=False, highlight=False))
        )
    except EngineError as error:
        console.print(str(error), style="red", markup=False)
        return 1
    if json:
        print(report.as_json())  # noqa: T201 -- the document is the output
    else:
        report.show(Console())
    return 0


async def measure(settings: Settings, rounds: int, orders: int, say: Callable[[str], None]) -> Report:
    """All rounds of (a) and (b)."""
    async with engines(settings, say) as found, own_database(found) as shops, own_database(found) as raws:
        await migrate_shop(shops.database_url)
        await raw_limit.set_up(raws.database_url, SKUS)
        async with open_shop(settings, shops) as shop:
            await fill(shop)
            runs, goals = {}, list[Goal]()
            for shelf, skus in SHELVES.items():
                say(f"{shelf}:")
                played = Rounds()
                await played.play(rounds, in_process(shop, raws.database_url, skus, orders), say)
                runs[shelf] = played.table()
                goals += in_process_goals(shelf, played)
    return Report(rounds=rounds, runs=runs, goals=goals)
