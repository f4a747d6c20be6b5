"""`tradewind logs`: what the search engine is to know before lines of the log are shipped to it."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console

from tradewind.app.settings import SettingError, Settings
from tradewind.kernel.clock import now
from tradewind.kernel.errors import Unavailable

if TYPE_CHECKING:
    from tradewind.adapters.opensearch.log_index import Prepared

app = typer.Typer(no_args_is_help=True, help="The log on OpenSearch: its fields, and for how long it is kept.")
NOT_NAMED = "TRADEWIND_OPENSEARCH_URL names no OpenSearch to which the log could be shipped (deploy/logs)."
LONGEST_DAYS = 3_650


class LogIndexAway(Unavailable):
    """OpenSearch did not answer as it should: `tradewind doctor` says how it is. Run this again when it is back."""


@app.callback()
def _logs() -> None:
    """The shop's log on OpenSearch. Others ship it there: deploy/logs has what Fluent Bit and rsyslog are told."""


@app.command()
def prepare(
    days: Annotated[int, typer.Option(min=1, max=LONGEST_DAYS, help="For how many days lines are kept.")] = 14,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a line.")] = False,
) -> None:
    """Tell OpenSearch which fields lines of the log have and how long they are kept; drop the days that are older.

    Run it before the first line is shipped. Where OpenSearch has its plugin for index management (its own images do)
    it drops old days by itself from then on; else run this once a day. With --json: {"index", "days", "byItself",
    "dropped"}. It may run again at any time; another number of days counts from then on.
    """
    complaints = Console(stderr=True, soft_wrap=True)
    try:
        url = Settings.from_environment().opensearch_url
        if url is None:
            raise SettingError(NOT_NAMED)
        done = asyncio.run(_prepare(url, days))
    except (SettingError, LogIndexAway) as error:
        complaints.print(error.detail if isinstance(error, LogIndexAway) else str(error), style="red", markup=False)
        raise typer.Exit(1) from None
    typer.echo(msgspec.json.encode(done) if json else _told(done))


async def _prepare(url: str, days: int) -> "Prepared":
    from tradewind.adapters.opensearch import log_index
    from tradewind.adapters.opensearch.link import client_of, trouble

    client = client_of(url, timeout_s=30.0)
    try:
        with trouble(LogIndexAway):
            return await log_index.prepare(client, now().date(), days)
    finally:
        await client.close()


def _told(done: "Prepared") -> str:
    then = "it drops older days by itself" if done.by_itself else "run this each day to drop older ones"
    return f"{done.index}: kept for {done.days} days, {then}; {len(done.dropped)} dropped now"
