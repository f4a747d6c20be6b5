"""`tradewind dlq`: what some consumer could not handle, and having it heard again. The trail tells who did what."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.table import Column, Table

from tradewind.app.commands.operators import operator, outcome_on_all
from tradewind.app.wiring import Shop
from tradewind.contracts.dead_letters import DeadLetter, DeadLetters, NoSuchDeadLetter
from tradewind.runtime.call import internal_call
from tradewind.runtime.dead_letters import SubscribersLetters

MOST: Final = 10_000
"""Letters that are listed, or redriven together, at most."""
MAX_WHY: Final = 500
"""Characters of a reason."""
app = typer.Typer(no_args_is_help=True, help="See the events that a consumer gave up, and have them heard again.")
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]
Id = Annotated[str, typer.Argument(help="The letter's id, as `list` shows it.")]


def holders(shop: Shop) -> tuple[DeadLetters, ...]:
    """Everybody who has dead letters: the relay's subscribers, and the contexts that have some of their own."""
    subscribers = (it for one in shop.contexts for it in (*one.subscribers, *one.hears_elsewhere))
    return SubscribersLetters(subscribers), *(one.dead_letters for one in shop.contexts if one.dead_letters)


async def list_letters(shops: Sequence[Shop], limit: int) -> list[DeadLetter]:
    """The oldest of each, in all of a shop's databases."""
    found: list[DeadLetter] = []
    for shop in shops:
        async with shop.db.reading(internal_call("dlq.list")) as tx:
            found += [letter for one in holders(shop) for letter in await one.list(tx, limit)]
    return found[:limit]


async def show_letter(shops: Sequence[Shop], id_: str) -> DeadLetter:
    """One letter, with what the event says. Refuses NoSuchDeadLetter."""
    for shop in shops:
        async with shop.db.reading(internal_call("dlq.show")) as tx:
            for one in holders(shop):
                if (found := await one.find(tx, id_)) is not None:
                    return found
    raise NoSuchDeadLetter(id=id_)


async def redrive_letter(shops: Sequence[Shop], id_: str) -> str:
    """Have one heard again by its consumer, in a transaction of its own. Refuses NoSuchDeadLetter."""
    call = operator()
    for shop in shops:
        async with shop.db.transaction(call) as tx:
            for one in holders(shop):
                if await one.redrive(tx, id_):
                    return id_
    raise NoSuchDeadLetter(id=id_)


async def redrive_all(shops: Sequence[Shop]) -> tuple[list[str], int]:
    """Every letter that somebody can hear; which were redriven, and how many are left.

    What came by Kafka and nobody can read is nobody's letter, and stays; those of others are not to wait behind it.
    """
    found = await list_letters(shops, MOST)
    done = []
    for letter in found:
        with suppress(NoSuchDeadLetter):
            done.append(await redrive_letter(shops, letter.id))
    return done, len(found) - len(done)


async def drop_letter(shops: Sequence[Shop], id_: str, why: str) -> str:
    """Have nobody hear one any more. Refuses NoSuchDeadLetter."""
    call = operator()
    for shop in shops:
        async with shop.db.transaction(call) as tx:
            if await SubscribersLetters(()).drop(tx, id_, why):
                return id_
    raise NoSuchDeadLetter(id=id_)


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="How many at most.")] = 100, json: Json = False
) -> None:
    """List the dead letters of every consumer, in the order in which they are to be redriven."""
    _show(outcome_on_all(lambda shops: list_letters(shops, limit)), json=json)


@app.command()
def show(letter: Id, json: Json = False) -> None:
    """Show one dead letter and what its event says."""
    found = outcome_on_all(lambda shops: show_letter(shops, letter))
    _show([found], json=json)
    if not json and found.payload is not None:
        typer.echo(bytes(found.payload))


@app.command()
def redrive(
    letters: Annotated[list[str] | None, typer.Argument(help="Ids of letters.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every letter that there is, in the order of the list.")] = False,
    json: Json = False,
) -> None:
    """Have the consumer, and nobody else, hear the event again; the effect happens once.

    One that fails again stays a dead letter, and those after it are left alone (exit 1). Named must be which: their ids
    or --all (exit 2).
    """
    if not (letters or every):
        raise typer.BadParameter("Name letters by their ids, as `tradewind dlq list` shows them, or say --all.")

    async def work(shops: Sequence[Shop]) -> tuple[list[str], int]:
        if every:
            return await redrive_all(shops)
        return [await redrive_letter(shops, id_) for id_ in letters or []], 0

    done, left = outcome_on_all(work)
    said = f"{len(done)} redriven" + (f", {left} left that nobody can hear" if left else "")
    typer.echo(msgspec.json.encode({"redriven": done}) if json else said)


@app.command()
def drop(
    letters: Annotated[list[str], typer.Argument(help="Ids of letters, as `list` shows them.")],
    why: Annotated[str, typer.Option(help="Why nobody is to hear them; it stands in the trail.")],
    json: Json = False,
) -> None:
    """Take letters away for good: their consumers never hear these events. Redrive what can be heard instead.

    For what came by Kafka and nobody can read, and for what a consumer must not do any more. Letters of partners and
    sensors have an end of their own and are not dropped (exit 1).
    """
    if not why.strip():
        raise typer.BadParameter("Say why: the trail is to tell it.", param_hint="--why")

    async def work(shops: Sequence[Shop]) -> list[str]:
        return [await drop_letter(shops, id_, why.strip()[:MAX_WHY]) for id_ in letters]

    done = outcome_on_all(work)
    typer.echo(msgspec.json.encode({"dropped": done}) if json else f"{len(done)} dropped")


def _show(found: Sequence[DeadLetter], *, json: bool) -> None:
    if json:
        typer.echo(msgspec.json.encode(found))
        return
    table = Table(Column("id", overflow="fold"), "type", "reason", "parked at")
    for one in found:
        table.add_row(one.id, one.type, one.reason, f"{one.parked_at:%Y-%m-%d %H:%M:%S}")
    Console().print(table)
