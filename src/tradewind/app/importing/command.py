"""`tradewind import online-retail`: the whole way from a file to a shop that has lived through it."""

import time
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path

import uvloop
from rich.console import Console

from tradewind.app.databases import open_apart
from tradewind.app.engines import EngineError, engines
from tradewind.app.importing import report
from tradewind.app.importing.carrying import Progress, working
from tradewind.app.importing.load import Load
from tradewind.app.importing.plan import Plan, plan
from tradewind.app.importing.reading import Unreadable, read
from tradewind.app.importing.report import Summary
from tradewind.app.settings import SettingError, Settings
from tradewind.app.wiring import Shop, migrate_shop, open_shop
from tradewind.kernel.errors import Refusal
from tradewind.runtime.telemetry import logs


async def import_online_retail(shop: Shop, file: Path, progress: Progress) -> Summary:
    """Bring `file` into `shop`; refuses (Unreadable) before anything is written. Run again, it changes nothing."""
    return await bring_in(shop, plan(read(file)), progress)


async def bring_in(shop: Shop, planned: Plan, progress: Progress, apart: Mapping[str, Shop] | None = None) -> Summary:
    """Run a plan, carry its sagas to their ends, and say what came of it. Raises Stalled where nothing moves.

    Where contexts have databases of their own (`apart`), their and the shop's own processes carry what is begun.
    """
    began = time.perf_counter()
    load = Load(shop, planned, progress, apart or {})
    async with nullcontext() if apart else working(shop):
        await load.run()
    return report.summary(planned, time.perf_counter() - began, load.problems)


def run_import(settings: Settings, file: Path, *, json: bool) -> int:
    """The command: 0, or 1 where the file is broken (nothing was written) or the shop would not do all of it."""
    complaints = Console(stderr=True)
    logs.configure("WARNING")
    try:
        planned = plan(read(file))
        found = uvloop.run(_run(settings, planned, complaints))
    except Unreadable as refusal:
        if json:
            print(report.errors_as_json(refusal))  # noqa: T201 -- this is the answer
        report.show_errors(refusal, complaints)
        return 1
    except (EngineError, SettingError, Refusal) as error:
        complaints.print(str(error) or type(error).__name__, style="red", markup=False)
        return 1
    if json:
        print(report.as_json(found))  # noqa: T201 -- this is the answer
    else:
        report.show(found, Console())
    report.show_problems(found.problems, complaints)
    return 1 if found.problems else 0


async def _run(settings: Settings, planned: Plan, console: Console) -> Summary:
    async with engines(settings) as found:
        await migrate_shop(found.database_url)
        async with open_shop(settings, found) as shop, open_apart(settings, found) as apart:
            with report.bar(console) as progress:
                return await bring_in(shop, planned, progress, apart)
