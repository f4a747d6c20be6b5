"""`tradewind sales-summary`: what was sold on each day that is over, summed up now."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Annotated, Final, cast

import msgspec
import typer
from msgspec import Struct
from rich.console import Console

from tradewind.app.engines import EngineError, engines
from tradewind.app.settings import SettingError, Settings
from tradewind.app.wiring import migrate_shop, open_shop
from tradewind.contexts.analytics.manifest import Asked, SummedUp, batches, first_day_open
from tradewind.kernel.clock import now
from tradewind.kernel.errors import Refusal
from tradewind.ports.columns import Columns

DAY: Final = ["%Y-%m-%d"]
NAMED: Final = 5
"""Days that are named one by one where they wait."""
AWAY: Final = "Days that were summed up stand. `tradewind doctor` says what is away; run this again when it is back."
Say = Callable[[str], None]


class Report(Struct, kw_only=True, rename="camel"):
    """What the whole run came to."""

    first: date | None = None
    last: date | None = None
    days: int = 0
    rows: int = 0
    waiting: Sequence[date] = ()
    loaded_until: datetime | None = None
    rebuilding: bool = False

    def add(self, batch: SummedUp) -> None:
        """One batch more; what waits is what the last one says."""
        self.days += len(batch.days)
        self.rows += batch.rows
        if batch.days:
            self.first, self.last = self.first or batch.days[0], batch.days[-1]
        self.waiting, self.loaded_until, self.rebuilding = batch.waiting, batch.loaded_until, batch.rebuilding


def sum_up(
    since: Annotated[
        datetime | None, typer.Option(formats=DAY, help="The first day (UTC). [default: that of the first order]")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=DAY, help="Up to this day, which is left out. [default: today, UTC]")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Compute every one of these days anew.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a line.")] = False,
) -> None:
    """Sum up what was sold on each day (UTC) that is over: GET /api/v1/analytics/sales/daily shows it.

    The worker does this by itself, so it is wanted where no worker runs, or when figures are wanted anew: a day is
    summed up again for a week after its end, later only with --again. Days that are summed up already are left alone.
    No day is summed up before the columns have all of it, and none twice: it may be cut off, run again, and run beside
    a worker.

    With --json: {"first", "last", "days", "rows", "waiting", "loadedUntil", "rebuilding"}: the first and the last day
    that was summed up, how many, in how many rows; days that wait, and until when the columns have everything. Exit 0
    when no day waits, 1 when some do or something is away, 2 when the options make no sense.
    """
    asked = _asked(since, until)
    aside = Console(stderr=True, soft_wrap=True)
    say: Say = (lambda _: None) if json else (lambda line: aside.print(line, markup=False, highlight=False))
    try:
        report = asyncio.run(_run(asked, say, again=again))
    except Refusal as away:
        aside.print(f"{away.detail} {AWAY}", style="red", markup=False)
        raise typer.Exit(1) from None
    except (EngineError, SettingError) as error:
        aside.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from None
    typer.echo(msgspec.json.encode(report) if json else _told(report))
    if report.waiting:
        aside.print(_advice(report), style="red", markup=False, highlight=False)
        raise typer.Exit(1)


def _asked(since: datetime | None, until: datetime | None) -> Asked:
    first, last = (one.date() if one else None for one in (since, until))
    limit = first_day_open(now())
    if last and last > limit:
        raise typer.BadParameter(f"{last} is not over yet: {limit} at most (UTC)", param_hint="--until")
    if first and first >= (last or limit):
        raise typer.BadParameter(f"{first} is not before {last or limit}", param_hint="--since")
    return Asked(first, last)


async def _run(asked: Asked, say: Say, *, again: bool) -> Report:
    settings = Settings.from_environment()
    async with engines(settings, say) as found:
        await migrate_shop(found.database_url)
        async with open_shop(settings, found, connections=2, listens=False) as shop:
            report, columns = Report(), cast(Columns, shop.db.peers[Columns])
            async for batch in batches(shop.db, columns, asked, again=again):
                report.add(batch)
                if batch.days:
                    say(_told(report))
            return report


def _told(report: Report) -> str:
    if report.days:
        return f"Summed up {report.first} to {report.last}: days {report.days:,}, rows {report.rows:,}"
    return "No day is due: each that is over and had orders before it is summed up; --again computes anew"


def _advice(report: Report) -> str:
    named = ", ".join(f"{one}" for one in report.waiting[:NAMED])
    which = f"Days wait: {named}{', …' if len(report.waiting) > NAMED else ''}."
    if report.rebuilding:
        return f"{which} The columns are being counted anew, or that was cut off: `tradewind analytics rebuild`."
    until = f"until {report.loaded_until:%Y-%m-%d %H:%M} UTC" if report.loaded_until else "but much that waits"
    return f"{which} The columns have everything {until}; a worker (`tradewind serve`) loads more. Then run this again."
