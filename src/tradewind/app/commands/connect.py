"""`tradewind topics` and `tradewind connect`: what the shop needs on Kafka, and Debezium as its publisher."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from tradewind.app.commands.operators import outcome
from tradewind.app.engines import engines
from tradewind.app.settings import SettingError, Settings
from tradewind.app.wiring import migrate_shop
from tradewind.contracts.envelope import EVENTS

if TYPE_CHECKING:
    from tradewind.adapters.log.kafka.connect import Connect, State

app = typer.Typer(no_args_is_help=True, help="Have Debezium publish the outbox and capture tables, by Kafka Connect.")
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]
T = TypeVar("T")
NO_KAFKA: Final = "TRADEWIND_KAFKA_SERVERS names no Kafka"
NO_CONNECT: Final = "TRADEWIND_CONNECT_URL names no Kafka Connect"


def topics(json: Json = False) -> None:
    """Make the topics that the shop's events and captured tables go to, where they are missing, and list them.

    A worker makes those it needs by itself. Exit 1 where no broker answers.
    """

    async def run(settings: Settings) -> dict[str, int]:
        from tradewind.adapters.log.kafka.topics import Names, ensure

        names = Names(settings.kafka_prefix)
        wanted = [*names.of_events(EVENTS), *names.of_tables()]
        return await asyncio.to_thread(ensure, _needed(settings.kafka_servers, NO_KAFKA), wanted)

    found = outcome(run)
    if json:
        typer.echo(msgspec.json.encode(found))
        return
    table = Table("topic", "partitions")
    for name, partitions in found.items():
        table.add_row(name, str(partitions))
    Console().print(table)


@app.command()
def config(json: Json = False) -> None:
    """Show the connectors' configurations, without the password; nothing is asked of Connect."""

    async def look(connect: "Connect") -> dict[str, dict[str, Any]]:
        from tradewind.adapters.log.kafka.connectors import hidden

        return {name: hidden(one) for name, one in connect.configurations.items()}

    found = _with_connect(look)
    typer.echo(msgspec.json.encode(found) if json else msgspec.json.format(msgspec.json.encode(found), indent=2))


@app.command()
def register(json: Json = False) -> None:
    """Validate the connectors, register them or change what is registered, and wait until they run.

    Postgres must have wal_level=logical and let the role replicate. Events that were told before are published, too;
    consumers know by their ids those that they have heard. Exit 1 with the reason where it cannot be done.
    """
    _show(_with_connect(lambda connect: connect.register()), json=json)


@app.command()
def status(json: Json = False) -> None:
    """Show what the connectors are doing. Exit 1 where one of them does not run."""
    states = _with_connect(lambda connect: connect.states())
    _show(states, json=json)
    if any(one.state != "RUNNING" for one in states):
        raise typer.Exit(1)


@app.command()
def unregister(json: Json = False) -> None:
    """Take the connectors and their replication slots away; without a slot's reader WAL is kept until the disk is full.

    The relay takes over once TRADEWIND_CONNECT_URL names nothing any more.
    """

    async def work(connect: "Connect") -> list[str]:
        await connect.unregister()
        return list(connect.configurations)

    gone = _with_connect(work)
    typer.echo(msgspec.json.encode({"unregistered": gone}) if json else f"unregistered: {', '.join(gone)}")


def _with_connect(look: Callable[["Connect"], Awaitable[T]]) -> T:
    async def run(settings: Settings) -> T:
        from tradewind.adapters.log.kafka.connect import Connect
        from tradewind.adapters.log.kafka.topics import Names

        url = _needed(settings.connect_url, NO_CONNECT)
        async with engines(settings) as found:
            await migrate_shop(found.database_url)
            return await look(Connect(url, found.database_url, Names(settings.kafka_prefix)))

    return outcome(run)


def _needed(address: str | None, why_not: str) -> str:
    if address is None:
        raise SettingError(why_not)
    return address


def _show(states: "list[State]", *, json: bool) -> None:
    if json:
        typer.echo(msgspec.json.encode(states))
        return
    table = Table("connector", "state", "why")
    for one in states:
        table.add_row(one.name, one.state, one.why)
    Console().print(table)
