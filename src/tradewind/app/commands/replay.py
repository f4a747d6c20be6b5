"""`tradewind replay`: tables for reading, learned again from the log, and whether they are what they were."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
import typer
from msgspec import Struct
from rich.console import Console
from rich.table import Column, Table

from tradewind.app.commands.operators import outcome_on_all
from tradewind.app.wiring import Shop
from tradewind.kernel.errors import NotFound
from tradewind.runtime.replaying import Digest, Replayed, digest, replay
from tradewind.runtime.subscriptions import Subscriber

app = typer.Typer(no_args_is_help=True, help="Learn tables for reading again from the log.")
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]


class NoSuchProjection(NotFound):
    """No projection has this name; `tradewind replay list` shows them all."""


class Standing(Struct, frozen=True):
    """A projection and what its table holds."""

    projection: str
    holds: Digest


def projections(shop: Shop) -> dict[str, Subscriber]:
    """Those of the contexts that are served here, by the name of the table that each alone writes."""
    found = [one for context in shop.contexts for one in context.subscribers if one.table is not None]
    return {str(one.table): one for one in sorted(found, key=lambda one: str(one.table))}


@app.command("list")
def list_(json: Json = False) -> None:
    """List the projections, how many rows each has, and a checksum of them."""

    async def look(shops: Sequence[Shop]) -> list[Standing]:
        return [Standing(name, await digest(shop.db, one)) for shop in shops for name, one in projections(shop).items()]

    found = outcome_on_all(look, listens=False)
    if json:
        typer.echo(msgspec.json.encode(found))
        return
    table = Table("projection", Column("rows", justify="right"), Column("checksum", justify="right"))
    for one in found:
        table.add_row(one.projection, f"{one.holds.rows:,}", one.holds.checksum)
    Console().print(table)


@app.command()
def run(
    names: Annotated[list[str] | None, typer.Argument(help="Projections, as `list` shows them.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All of them, one after the other.")] = False,
    json: Json = False,
) -> None:
    """Empty a projection's table and have it hear the whole log again; says whether it holds what it held before.

    Stop the shop's workers first (exit 1 where one hears events): edges may go on and show what there is meanwhile.
    Cut off, it goes on with the next worker; run again, it begins anew. A shop whose events come by Kafka is refused.
    Named must be which: projections or --all (exit 2).
    """
    if not (names or every):
        raise typer.BadParameter("Name projections, as `tradewind replay list` shows them, or say --all.")

    async def work(shops: Sequence[Shop]) -> list[Replayed]:
        there = {name: (shop, one) for shop in shops for name, one in projections(shop).items()}
        wanted = list(there) if every else names or []
        if unknown := [name for name in wanted if name not in there]:
            raise NoSuchProjection(f"There is no projection {unknown[0]}; `tradewind replay list` shows them all.")
        chosen = [there[name] for name in wanted]
        return [await replay(shop.db, shop.engines.database_url, one) for shop, one in chosen]

    found = outcome_on_all(work, listens=False)
    if json:
        typer.echo(msgspec.json.encode(found))
        return
    numbers = [Column(name, justify="right") for name in ("events", "rows before", "rows after")]
    table = Table("projection", *numbers, "same")
    for one in found:
        counts = [f"{number:,}" for number in (one.events, one.before.rows, one.after.rows)]
        table.add_row(one.projection, *counts, "yes" if one.same else "no")
    Console().print(table)
