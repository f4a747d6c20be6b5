"""`tradewind revenue`: what stream jobs have added up."""

from collections.abc import Sequence
from typing import Annotated, Any

import asyncpg
import msgspec
import typer
from rich.console import Console
from rich.table import Table

from tradewind.adapters.streams.rows import Window, revenue
from tradewind.app.commands.operators import outcome
from tradewind.app.engines import engines
from tradewind.app.settings import Settings
from tradewind.app.wiring import migrate_shop
from tradewind.kernel.money import Money


def show_revenue(
    by: Annotated[str, typer.Option(help="minute or day (UTC).")] = "day",
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="How many windows at most.")] = 30,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")] = False,
) -> None:
    """Show what was captured and refunded, by minute or by day, the newest first; seconds old at most.

    With --json: [{"size", "since", "currency", "capturedMinor", "refundedMinor", "events"}].
    """
    if by not in ("minute", "day"):
        raise typer.BadParameter("minute or day")
    windows = outcome(lambda settings: _ask(settings, by, limit))
    if json:
        typer.echo(msgspec.json.encode(windows))
        return
    table = Table("since", "captured", "refunded", "events")
    for one in windows:
        captured, refunded = Money(one.captured_minor, one.currency), Money(one.refunded_minor, one.currency)
        table.add_row(f"{one.since:%Y-%m-%d %H:%M}", str(captured), str(refunded), str(one.events))
    Console().print(table)


async def _ask(settings: Settings, by: str, limit: int) -> Sequence[Window]:
    async with engines(settings) as found:
        await migrate_shop(found.database_url)
        connection: Any = await asyncpg.connect(found.database_url)
        try:
            return await revenue(connection, by, limit)
        finally:
            await connection.close()
