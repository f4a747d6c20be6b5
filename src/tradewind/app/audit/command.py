"""What `tradewind audit` does: join the home's engines, audit, show the report."""

import asyncio
from functools import partial
from typing import Any

from rich.console import Console

from tradewind.app.audit.across import audit_across
from tradewind.app.audit.auditor import audit
from tradewind.app.audit.report import Report
from tradewind.app.engines import EngineError, engines
from tradewind.app.outside import columns
from tradewind.app.paying import gateway_books
from tradewind.app.placement import databases_apart
from tradewind.app.settings import SettingError, Settings


def run_audit(settings: Settings, json: bool, settle_s: float = 0.0) -> int:
    """Audit the shop of `settings` and print what came of it; 0 when all holds, 1 when not, or nobody could look.

    Engines are started where none run. `settle_s`: see `audit`.
    """
    progress = Console(stderr=True)

    async def run() -> Report:
        apart = databases_apart(settings)
        async with engines(settings, (lambda _: None) if json else progress.print) as found:
            books, gateway = found.provider_url or None, gateway_books(settings, found)
            more: dict[str, Any] = {"gateway_url": gateway, "settle_s": settle_s, "columns": partial(columns, settings)}
            if apart:
                return await audit_across(found.database_url, apart, books, **more)
            return await audit(found.database_url, books, **more)

    try:
        report = asyncio.run(run())
    except (EngineError, SettingError) as error:
        progress.print(str(error), style="red", markup=False)
        return 1
    show(report, json)
    return 0 if report.ok else 1


def show(report: Report, json: bool) -> None:
    """Print the report to the standard output."""
    console = Console(soft_wrap=True, highlight=False)
    if json:
        console.file.write(report.to_json() + "\n")
        return
    console.print(report.table())
    for line in report.lines():
        console.print(line, markup=False)
    console.print("[green]Everything holds.[/]" if report.ok else "[red]Something does not hold.[/]")
