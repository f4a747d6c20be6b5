"""`tradewind keys`: the keys that sign this home's tokens. Running processes follow within seconds."""

import asyncio
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from tradewind.app.engines import EngineError, engines
from tradewind.app.settings import SettingError, Settings
from tradewind.app.wiring import migrate_shop, open_shop
from tradewind.contexts.identity.manifest import RotateKeys
from tradewind.kernel.errors import Refusal
from tradewind.kernel.ids import new_id
from tradewind.runtime.call import Actor, Call, internal_call

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
    try:
        found = asyncio.run(_rotate(Settings.from_environment()))
    except (EngineError, SettingError, Refusal) as error:
        Console(stderr=True).print(str(error), style="red", markup=False)
        raise typer.Exit(1) from None
    if json:
        typer.echo(msgspec.json.encode(found))
        return
    table = Table("key", "id")
    table.add_row("signs from now on", found["current"])
    table.add_row("next", found["next"])
    Console().print(table)


async def _rotate(settings: Settings) -> dict[str, Any]:
    actor = Actor(subject="operator:cli", roles=frozenset({"admin"}))
    call = Call(actor=actor, correlation_id=str(new_id()), trace_id=internal_call("cli").trace_id, route="cli")
    async with engines(settings) as found:
        await migrate_shop(found.database_url)
        async with open_shop(settings, found, connections=2) as shop:
            answer: dict[str, Any] = await shop.dispatch(RotateKeys(), call)
            return answer
