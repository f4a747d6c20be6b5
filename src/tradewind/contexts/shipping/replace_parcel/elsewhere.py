"""The saga of goods that go out once more where inventory has a database of its own: hold, take out, then make it so.

Everything is asked there under the saga's id, so it is done once however often it is asked. Until the shipment is made
ready here nothing of it counts: what was held or taken out goes back where it is not made ready after all, because
there is not enough, the parcel turned up meanwhile, or nobody knows what inventory did.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final

from tradewind.contexts.shipping._domain.replacement import (
    Replacement,
    ReplacementUnderWay,
    Standing,
    Supply,
)
from tradewind.contexts.shipping._domain.shipment import LIFECYCLE, OUT_OF_STOCK, Shipment
from tradewind.contexts.shipping._store import replacements, shipments
from tradewind.contexts.shipping.replace_parcel.again import make_ready
from tradewind.contracts.inventory import InventoryAway, InventoryReserved, NotEnoughStock, Wanted
from tradewind.contracts.outcomes import Done, Failed, Outcome, Refused, Waiting
from tradewind.contracts.shipping import ShipmentReplaced
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Tx
from tradewind.runtime.saga import store as sagas
from tradewind.runtime.saga.definition import Local, Remote, Saga, Step, Task

PATIENCE: Final = timedelta(minutes=10)
"""How long inventory may be away before it is given up."""
ATTEMPTS: Final = 40
"""More than fit into that time, which decides."""
HELD_S: Final = 3600
"""Seconds for which it holds the goods: longer than they may take to be taken out."""
Ask = Callable[[InventoryAway, Replacement, Task], Any]


async def begin(tx: Tx, held: Shipment) -> None:
    """Have a held shipment's goods asked for. Refuses ReplacementUnderWay."""
    assert held.lines is not None, "known"
    if await replacements.is_under_way(tx, held.id):
        raise ReplacementUnderWay(shipmentId=str(held.id))
    one = Replacement(
        id=new_id(), shipment_id=held.id, order_id=held.order_id, round=held.parcels, lines=dict(held.lines)
    )
    await replacements.insert(tx, one)
    sagas.begin(tx, REPLACE_ELSEWHERE, [one.id], [tx.call])
    tx.audit("shipping.ask_for_replacement", str(held.id), order_id=str(held.order_id), replacement=str(one.id))
    tx.ring()


def _asked(wish: Ask, record: Callable[[Tx, Sequence[tuple[Task, Any]]], Any]) -> Remote:
    async def prepare(tx: Tx, tasks: Sequence[Task]) -> Sequence[Any]:
        away = tx.peer(Supply).away
        assert away is not None, "begun where inventory is away, carried where it is not"
        found = await replacements.read(tx, [task.saga_id for task in tasks])
        return [(away, found[task.saga_id]) for task in tasks]

    async def ask(task: Task, asked: tuple[InventoryAway, Replacement]) -> Any:
        return await wish(*asked, task)

    return Remote(prepare=prepare, ask=ask, record=record)


def _hold(away: InventoryAway, one: Replacement, task: Task) -> Any:
    return away.reserve(Wanted(one.id, one.lines), task.call, HELD_S)


async def _held(_tx: Tx, answered: Sequence[tuple[Task, InventoryReserved | NotEnoughStock]]) -> Sequence[Outcome]:
    return [
        Refused(f"out of stock: {', '.join(one.facts['skus'])}") if isinstance(one, NotEnoughStock) else Done()
        for _, one in answered
    ]


def _take(away: InventoryAway, one: Replacement, task: Task) -> Any:
    return away.confirm(one.id, task.call)


async def _taken(_tx: Tx, answered: Sequence[tuple[Task, bool]]) -> Sequence[Outcome]:
    return [Done() if out else Refused("the goods are not held there any more") for _, out in answered]


def _give_back(away: InventoryAway, one: Replacement, task: Task) -> Any:
    return away.release(one.id, task.call)


async def _given_back(_tx: Tx, answered: Sequence[tuple[Task, Waiting | None]]) -> Sequence[Outcome]:
    return [answer or Done() for _, answer in answered]


async def replace_shipment(tx: Tx, tasks: Sequence[Task]) -> Sequence[Outcome]:
    """The pivot: the goods are out, and the shipment is READY; refused where it has gone on meanwhile."""
    found = await replacements.read(tx, [task.saga_id for task in tasks])
    await shipments.hold_orders(tx, sorted({one.order_id for one in found.values()}))
    return [await _replace(tx, found[task.saga_id], task) for task in tasks]


async def _replace(tx: Tx, one: Replacement, task: Task) -> Outcome:
    held = await shipments.hold(tx, one.shipment_id)
    if held.status not in OUT_OF_STOCK or held.parcels != one.round:
        return Refused(f"the shipment has gone on: it is {held.status.value}")
    make_ready(tx, held, LIFECYCLE.follow(held.status, ShipmentReplaced), task.call)
    await replacements.close(tx, one.id, Standing.DONE)
    return Done()


async def keep_replaced(tx: Tx, tasks: Sequence[Task]) -> Sequence[Outcome]:
    """What is ready, or has left the house again, keeps its goods."""
    found = await replacements.read(tx, [task.saga_id for task in tasks])
    why = "the goods go out for this parcel; report it as lost or returned again"
    return [Failed(why) if found[task.saga_id].status is Standing.DONE else Done() for task in tasks]


async def _end(tx: Tx, tasks: Sequence[Task]) -> Sequence[Outcome]:
    """It is not to be: the shipment is as it was, and may be asked for again."""
    for task in tasks:
        await replacements.close(tx, task.saga_id, Standing.REFUSED, task.why or "undone")
    return [Done()] * len(tasks)


REPLACE_ELSEWHERE: Final = Saga(
    name="replace_elsewhere",
    version=1,
    steps=(
        Step(
            name="hold_goods",
            do=_asked(_hold, _held),
            undo=_asked(_give_back, _given_back),
            within=PATIENCE,
            attempts=ATTEMPTS,
        ),
        Step(name="take_goods", do=_asked(_take, _taken), within=PATIENCE, attempts=ATTEMPTS),
        Step(name="replace_shipment", do=Local(replace_shipment), undo=Local(keep_replaced)),
    ),
    pivot="replace_shipment",
    end=Local(_end),
)
