"""`tradewind schemas`: the schemas of events in a registry, held against what was published before."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import typer
from msgspec.json import encode
from rich.console import Console
from rich.table import Table

from tradewind.app.commands.operators import outcome
from tradewind.app.settings import SettingError, Settings
from tradewind.contracts.published import published

if TYPE_CHECKING:
    from tradewind.adapters.log.kafka.registry import Registered, Registry

app = typer.Typer(no_args_is_help=True, help="The schemas of events, in the registry of TRADEWIND_SCHEMA_REGISTRY_URL.")
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]
T = TypeVar("T")
NO_REGISTRY: Final = "TRADEWIND_SCHEMA_REGISTRY_URL names no schema registry"
ADVICE: Final = "Run `tradewind schemas publish`."


@app.command()
def publish(json: Json = False) -> None:
    """Register the schema of every event and of the envelope, as far as the registry does not have it yet.

    Run it with each release, before the release is started. A schema that says less, or otherwise, than the latest that
    was ever registered is refused, and then none is registered. Exit 1 where the registry is away or refuses.
    """
    registered: list[Registered] = _asked(lambda registry: registry.publish(published()))
    if json:
        typer.echo(encode(registered))
        return
    table = Table("subject", "version", "id", "new")
    for one in registered:
        table.add_row(one.subject, str(one.version), str(one.id), "yes" if one.is_new else "")
    Console().print(table)


@app.command()
def status(json: Json = False) -> None:
    """Show which schemas of this release the registry does not have. Exit 1 where there are such, or it is away."""
    lacks: list[str] = _asked(lambda registry: registry.lacks(published()))
    if json:
        typer.echo(encode({"published": len(published()) - len(lacks), "lacks": lacks}))
    else:
        typer.echo("\n".join([*lacks, ADVICE]) if lacks else f"The registry has all {len(published())} schemas.")
    if lacks:
        raise typer.Exit(1)


def _asked(ask: Callable[["Registry"], Awaitable[T]]) -> T:
    from tradewind.adapters.log.kafka.registry import Registry

    async def run(settings: Settings) -> T:
        if settings.schema_registry_url is None:
            raise SettingError(NO_REGISTRY)
        return await ask(Registry(settings.schema_registry_url, settings.kafka_prefix))

    return outcome(run)
