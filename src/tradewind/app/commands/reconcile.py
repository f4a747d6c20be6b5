"""What `tradewind reconcile` does: join the home's engines, compare reports and books, show what differs."""

import asyncio
from datetime import date
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.table import Column, Table

from tradewind.app.databases import open_all
from tradewind.app.engines import EngineError, engines
from tradewind.app.placement import PAYMENTS
from tradewind.app.settings import SettingError, Settings
from tradewind.contexts.payments.manifest import Reconciled, reconcile
from tradewind.kernel.errors import Unavailable
from tradewind.ports.settlements import SettlementReports

AGREED: Final = 0
DIFFERED: Final = 1
NOTHING_TO_COMPARE: Final = 2
_encode: Final = msgspec.json.Encoder(decimal_format="number").encode


def run_reconcile(settings: Settings, day: date | None, *, json: bool) -> int:
    """Compare, print, and give the exit code."""
    progress = Console(stderr=True)

    async def run() -> Reconciled | None:
        async with engines(settings, (lambda _: None) if json else progress.print) as found:
            async with open_all(settings, found, (PAYMENTS,), connections=2) as (*_, books):
                reports: Any = books.db.peers[SettlementReports]
                return await reconcile(books.db, reports, day) if reports.providers else None

    try:
        found = asyncio.run(run())
    except Unavailable as away:
        progress.print(away.detail, style="red", markup=False)
        return NOTHING_TO_COMPARE
    except (EngineError, SettingError) as error:
        progress.print(str(error), style="red", markup=False)
        return NOTHING_TO_COMPARE
    if found is None:
        name = settings.payment_provider
        progress.print(f"The shop does not read settlement reports of {name}: compare its own.", style="red")
        return NOTHING_TO_COMPARE
    _show(found, json=json)
    return AGREED if found.ok else DIFFERED


def _show(found: Reconciled, *, json: bool) -> None:
    console = Console(soft_wrap=True, highlight=False)
    if json:
        console.file.write(_encode(found).decode() + "\n")
        return
    table = Table(
        Column("order", no_wrap=True, min_width=36),
        "operation",
        "what",
        Column("theirs", justify="right"),
        Column("ours", justify="right"),
        "provider",
    )
    for one in found.differences:
        theirs, ours = (f"{amount} {one.currency}" for amount in (one.theirs, one.ours))
        table.add_row(one.reference, one.operation, one.kind.value.replace("_", " "), theirs, ours, one.provider)
    if found.differences:
        console.print(table)
    when = f" of {found.day}" if found.day else ""
    moving = f", {found.in_flight} on their way" if found.in_flight else ""
    console.print(f"{found.matched} orders{when} agree, {len(found.differences)} differences{moving}.")
