"""`tradewind keys`: the keys that sign this home's tokens. Running processes follow within seconds."""

from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from tradewind.app.commands.operators import operator, outcome
from tradewind.app.engines import engines
from tradewind.app.settings import Settings
from tradewind.app.wiring import migrate_shop, open_shop
from tradewind.contexts.identity.manifest import RotateKeys

app = typer.Typer(no_args_is_help=True, help="See and rotate the keys that sign access tokens.")


@app.callback()
def _keys() -> None:
    """The keys that sign access tokens."""


@app.command()
def rotate(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")] = False,
) -> None:
    """Let the next key sign from now on, and publish one more.

    Tokens of the key before stay good until they expire; its file goes a day later. Keys rotate by themselves every 90
    days. When a key has leaked: rotate, then remove its file from <home>/secrets; within 30 seconds nothing of it is
    good any more.
    """
    found = outcome(_rotate)
    if json:
        typer.echo(msgspec.json.encode(found))
        return
    table = Table("key", "id")
    table.add_row("signs from now on", found["current"])
    table.add_row("next", found["next"])
    Console().print(table)


async def _rotate(settings: Settings) -> dict[str, Any]:
    async with engines(settings) as found:
        await migrate_shop(found.database_url)
        async with open_shop(settings, found, connections=2) as shop:
            answer: dict[str, Any] = await shop.dispatch(RotateKeys(), operator())
            return answer
