"""`tradewind analytics`: what the shop comes to, counted anew from the log."""

from collections.abc import Sequence
from typing import Annotated, cast

import msgspec
import typer

from tradewind.app.commands.operators import outcome_on_all
from tradewind.app.placement import installed
from tradewind.app.settings import SettingError
from tradewind.app.wiring import Shop
from tradewind.contexts.analytics.manifest import rebuild_columns
from tradewind.contracts.privacy import Pseudonyms
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
    events = outcome_on_all(_rebuild, listens=False)
    typer.echo(msgspec.json.encode({"events": events}) if json else f"{events:,} events counted")


async def _rebuild(shops: Sequence[Shop]) -> int:
    if "analytics" not in installed(shops[0].settings):
        raise SettingError(
            "The context of these settings is alone with a database in which nothing is counted: run this with the "
            "settings of those that share the other one."
        )
    peers, logs = shops[0].db.peers, [shop.db for shop in shops]
    return await rebuild_columns(logs, cast(Columns, peers[Columns]), cast(Pseudonyms, peers[Pseudonyms]))
