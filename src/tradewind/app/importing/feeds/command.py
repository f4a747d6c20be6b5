"""`tradewind import goodbooks` and `tradewind import feed`: from a file to the shelves."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import uvloop
from rich.console import Console

from tradewind.app.engines import EngineError, engines
from tradewind.app.importing import report
from tradewind.app.importing.feeds.lines import UnreadableFeed
from tradewind.app.importing.feeds.load import Feed, Outcome, load, open_feed, open_goodbooks
from tradewind.app.settings import SettingError, Settings
from tradewind.app.wiring import migrate_shop, open_shop
from tradewind.kernel.errors import Refusal
from tradewind.runtime.telemetry import logs

KINDS: Final[dict[str, Callable[[Path], Feed]]] = {"goodbooks": open_goodbooks, "feed": open_feed}


def run_feed(settings: Settings, kind: str, file: Path, *, dry_run: bool, json: bool) -> int:
    """The command: 0 once the feed was taken in, whatever was left out; 1 where it is none, or no shop is there."""
    complaints = Console(stderr=True)
    logs.configure("WARNING")
    try:
        feed = KINDS[kind](file)
        found = uvloop.run(_run(settings, feed, complaints, dry_run=dry_run))
    except (EngineError, SettingError, UnreadableFeed, Refusal) as error:
        complaints.print(str(error) or type(error).__name__, style="red", markup=False)
        if json:
            print(msgspec.json.encode({"error": str(error)}).decode())  # noqa: T201 -- this is the answer
        return 1
    if json:
        print(msgspec.json.encode(found).decode())  # noqa: T201 -- this is the answer
    else:
        _show(found, Console(), dry_run=dry_run)
    if feed.note:
        complaints.print(feed.note, highlight=False)
    report.show_problems([f"line {one.line}: {one.error}" for one in found.failed], complaints)
    return 0


async def _run(settings: Settings, feed: Feed, console: Console, *, dry_run: bool) -> Outcome:
    async with engines(settings) as found:
        await migrate_shop(found.database_url)
        async with open_shop(settings, found, connections=4) as shop:
            with report.bar(console) as progress:
                return await load(shop, feed, progress, dry_run=dry_run)


def _show(found: Outcome, console: Console, *, dry_run: bool) -> None:
    would = "A dry run; nothing was written. It would be: " if dry_run else ""
    console.print(
        f"{would}{found.rows:,} rows: {found.created:,} created, {found.updated:,} updated, {found.unchanged:,} "
        f"unchanged, {len(found.failed):,} failed, in {found.seconds:,} s.",
        highlight=False,
    )
