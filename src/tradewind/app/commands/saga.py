"""`tradewind saga`: see the sagas, and mend one. Every mending is written into the audit trail."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Annotated, TypeVar
from uuid import UUID

import msgspec
import typer
from rich.console import Console
from rich.table import Column, Table

from tradewind.app.commands.operators import operator, outcome_on_all
from tradewind.app.placement import MAY_BE_APART, manifests
from tradewind.app.wiring import Shop
from tradewind.runtime.call import internal_call
from tradewind.runtime.saga import signals
from tradewind.runtime.saga.admin import SagaHistory, SagaLine, list_sagas, show_saga
from tradewind.runtime.saga.advance import Compensate, Phase, Retry

app = typer.Typer(no_args_is_help=True, help="See the sagas that carry orders and refunds, and mend one.")
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]
T = TypeVar("T")
Id = Annotated[UUID, typer.Argument(help="The id of the order, or of the refund.")]


@app.command("list")
def list_(
    phase: Annotated[Phase | None, typer.Option(help="Only those of this phase.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 50,
    json: Json = False,
) -> None:
    """List sagas, those that changed last first. NEEDS_ATTENTION is what waits for you."""

    async def look(shops: Sequence[Shop]) -> list[SagaLine]:
        found: list[SagaLine] = []
        for shop in shops:
            async with shop.db.reading(internal_call("saga.list")) as tx:
                found += await list_sagas(tx, phase and phase.value, limit)
        return sorted(found, key=lambda one: one.changed_at, reverse=True)[:limit]

    _show(_outcome(look), json=json)


@app.command()
def show(saga_id: Id, json: Json = False) -> None:
    """Show one saga and everything that was said of its steps."""

    async def look(shop: Shop) -> SagaHistory:
        async with shop.db.reading(internal_call("saga.show")) as tx:
            return await show_saga(tx, saga_id)

    _show(_outcome(lambda shops: _first(shops, look)), json=json)


@app.command()
def retry(saga_id: Id, json: Json = False) -> None:
    """Try the step again on which a saga was parked (NEEDS_ATTENTION)."""
    _show(_outcome(lambda shops: _first(shops, lambda shop: _mend(shop, saga_id, Retry()))), json=json)


@app.command()
def compensate(
    saga_id: Id,
    why: Annotated[str, typer.Option(help="The reason; it ends up in the order and in the trail.")] = "undone by staff",
    json: Json = False,
) -> None:
    """Undo whatever a saga has done: cancel the shipment, void or refund the payment, release the goods."""
    _show(_outcome(lambda shops: _first(shops, lambda shop: _mend(shop, saga_id, Compensate(why)))), json=json)


async def _mend(shop: Shop, saga_id: UUID, message: Retry | Compensate) -> SagaHistory:
    call = operator(str(saga_id))
    async with shop.db.transaction(call) as tx:
        carried = {saga.name: saga for one in shop.contexts for saga in one.sagas}
        row = await signals.find(tx, [*carried.values()], saga_id)
        await signals.mend(tx, carried[row["name"]], saga_id, message)
        tx.ring()
    async with shop.db.reading(call) as tx:
        return await show_saga(tx, saga_id)


async def _first(shops: Sequence[Shop], ask: Callable[[Shop], Awaitable[SagaHistory]]) -> SagaHistory:
    """What comes of it in the first database that has such a saga. Refuses with NoSuchSaga."""
    for shop in shops[:-1]:
        with suppress(signals.NoSuchSaga):
            return await ask(shop)
    return await ask(shops[-1])


def _outcome(look: Callable[[Sequence[Shop]], Awaitable[T]]) -> T:
    return outcome_on_all(look, [one.name for one in manifests(MAY_BE_APART) if one.sagas])


def _show(found: SagaHistory | list[SagaLine], *, json: bool) -> None:
    if json:
        typer.echo(msgspec.json.encode(found))
        return
    console = Console()
    console.print(_table([found.saga] if isinstance(found, SagaHistory) else found))
    if isinstance(found, SagaHistory):
        journal = Table("at", "step", "said", "detail", title="Journal")
        for line in found.journal:
            journal.add_row(f"{line.at:%Y-%m-%d %H:%M:%S.%f}", line.step, line.message, line.detail or "")
        console.print(journal)


def _table(lines: list[SagaLine]) -> Table:
    """Narrow enough for 80 columns, so that an id can be copied whole; the rest is in --json and in `show`."""
    table = Table(Column("id", no_wrap=True, min_width=36), Column("phase", no_wrap=True, min_width=15), "why")
    for line in lines:
        direction = "undoing, left" if line.undoing else "steps done"
        why = line.why or f"{line.saga}, {direction}: {line.step}"
        table.add_row(str(line.id), line.phase, why)
    return table
