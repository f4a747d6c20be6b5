"""`tradewind analytics`: what the shop comes to, counted anew from the log."""

import asyncio
from typing import Annotated, cast

import msgspec
import typer
from rich.console import Console

from tradewind.app.databases import open_all
from tradewind.app.engines import EngineError, engines
from tradewind.app.settings import SettingError, Settings
from tradewind.contexts.analytics.manifest import rebuild_columns
from tradewind.contracts.privacy import Pseudonyms
from tradewind.kernel.errors import Refusal
from tradewind.ports.columns import Columns

app = typer.Typer(no_args_is_help=True, help="The star schema in which the shop counts what it comes to.")


@app.callback()
def _analytics() -> None:
    """The star schema in which the shop counts what it comes to."""


@app.command()
def rebuild(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a line.")] = False,
) -> None:
    """Empty the star schema and count everything anew from the log; the shop may run meanwhile.

    Reports are incomplete until it is done. With --json: {"events"}, how many were counted. Running it again, also
    after it was cut off, gives the same.
    """
    try:
        events = asyncio.run(_rebuild(Settings.from_environment()))
    except (EngineError, SettingError, Refusal) as error:
        Console(stderr=True).print(str(error), style="red", markup=False)
        raise typer.Exit(1) from None
    typer.echo(msgspec.json.encode({"events": events}) if json else f"{events:,} events counted")


async def _rebuild(settings: Settings) -> int:
    async with engines(settings) as found, open_all(settings, found, connections=2, listens=False) as shops:
        peers, logs = shops[0].db.peers, [shop.db for shop in shops]
        return await rebuild_columns(logs, cast(Columns, peers[Columns]), cast(Pseudonyms, peers[Pseudonyms]))
