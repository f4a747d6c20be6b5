"""The saga of an order whose goods have to come first: it sleeps until they are kept for it, then goes the usual way.

Nobody is charged, and nothing held at a provider, before everything is there. It is woken when a line of it is given
its goods, when somebody calls it off, and when it has waited for as long as it was told to the buyer.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from tradewind.contexts.orders._domain.order import Status
from tradewind.contexts.orders._store import orders
from tradewind.contexts.orders.place_order.exchange import PLACE_EXCHANGE
from tradewind.contexts.orders.place_order.goods import release_here
from tradewind.contexts.orders.place_order.saga import PLACE_ORDER
from tradewind.contracts.inventory import BackordersPeer, InventoryReserved, StillAwaited
from tradewind.contracts.outcomes import Done, Outcome, Refused, Waiting
from tradewind.runtime.database import Tx
from tradewind.runtime.saga.definition import Local, Saga, Step, Task

LONGEST: Final = timedelta(days=366 + 366)
"""Longer than any release is ahead and any patience after it; what ends the waiting is the deadline of the goods."""


async def await_goods(tx: Tx, tasks: Sequence[Task]) -> Sequence[Outcome]:
    """Let orders hold what is kept for them by now; those that lack something wait, those past their time are off."""
    found = await orders.lock(tx, [task.saga_id for task in tasks])
    waiting = [order for order in found.values() if order.status is Status.PENDING_RESERVATION]
    there = await tx.peer(BackordersPeer).collect(tx, [order.id for order in waiting]) if waiting else {}
    moves = [step for order in waiting
             if isinstance(held := there[order.id], InventoryReserved) for step in order.hold(held)]  # fmt: skip
    orders.move(tx, moves, {task.saga_id: task.call for task in tasks})
    outcomes = [_outcome(there.get(task.saga_id)) for task in tasks]
    for task, outcome in zip(tasks, outcomes, strict=True):
        if isinstance(outcome, Refused):  # a step that is refused has left nothing to undo
            await tx.peer(BackordersPeer).give_up(tx, [task.saga_id], outcome.why)
    return outcomes


def _outcome(answer: object) -> Outcome:
    match answer:
        case None | InventoryReserved():
            return Done()
        case StillAwaited(left_s=left_s) if left_s > 0:
            return Waiting(left_s)
        case StillAwaited():
            return Refused("the goods did not come in time")
        case _:
            return Refused("the goods are not kept for it any more")


async def give_up(tx: Tx, tasks: Sequence[Task]) -> Sequence[Outcome]:
    """Leave every queue, and give back what was kept, held or taken out."""
    for why in {task.why or "undone" for task in tasks}:
        ids: list[UUID] = [task.saga_id for task in tasks if (task.why or "undone") == why]
        await tx.peer(BackordersPeer).give_up(tx, ids, why)
    return await release_here(tx, tasks)


PLACE_BACKORDER: Final = Saga(
    name="place_backorder",
    version=1,
    steps=(Step(name="await_goods", do=Local(await_goods), undo=Local(give_up)), *PLACE_ORDER.steps[1:]),
    pivot=PLACE_ORDER.pivot,
    end=PLACE_ORDER.end,
    within=LONGEST,
)
"""As many steps as PLACE_ORDER, and the same pivot: whoever cancels or mends an order need not know which it has."""
PLACING: Final = (PLACE_ORDER, PLACE_BACKORDER, PLACE_EXCHANGE)
"""Those that carry orders: each has its order's id."""
