"""The saga's steps that move goods: in this transaction where inventory shares the database, else asked for outside."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.orders._domain.order import Status
from tradewind.contexts.orders._store import orders
from tradewind.contracts.inventory import InventoryAway, InventoryPeer, InventoryReserved, NotEnoughStock, Wanted
from tradewind.contracts.outcomes import Done, Outcome, Refused, Waiting
from tradewind.runtime.database import Tx
from tradewind.runtime.saga.definition import Remote, Task

Wish: TypeAlias = Callable[[], Awaitable[Any]]


class Placement(Struct, frozen=True):
    """Whether goods are held in the placing transaction (inventory shares the database) or by the saga's first step.

    `away`: inventory in another process, where it is in one; then never in place.
    """

    in_place: bool = True
    away: InventoryAway | None = None


def _step(
    here: Callable[[Tx, Sequence[Task]], Awaitable[Sequence[Outcome]]],
    there: Callable[[Tx, Sequence[Task], InventoryAway], Awaitable[Sequence[Wish | Outcome]]],
    record: Callable[[Tx, Sequence[tuple[Task, Any]]], Awaitable[Sequence[Outcome]]],
) -> Remote:
    async def prepare(tx: Tx, tasks: Sequence[Task]) -> Sequence[Any]:
        away = tx.peer(Placement).away
        return await here(tx, tasks) if away is None else await there(tx, tasks, away)

    async def ask(_task: Task, wish: Wish) -> Any:
        return await wish()

    return Remote(prepare=prepare, ask=ask, record=record)


async def _reserve_here(tx: Tx, tasks: Sequence[Task], *, in_exchange: bool = False) -> Sequence[Outcome]:
    """Hold the goods of orders that were placed without; S3-79 where they are not there."""
    wanted = list((await _wanted(tx, tasks)).values())
    answers = await tx.peer(InventoryPeer).reserve(tx, wanted) if wanted else []
    held = {order.order_id: answer for order, answer in zip(wanted, answers, strict=True)}
    return await _hold(tx, [(task, held.get(task.saga_id)) for task in tasks], in_exchange=in_exchange)


async def _reserve_there(tx: Tx, tasks: Sequence[Task], away: InventoryAway) -> Sequence[Wish | Outcome]:
    wanted = await _wanted(tx, tasks)

    def wish(task: Task) -> Wish | Outcome:
        order = wanted.get(task.saga_id)
        return Done() if order is None else lambda: away.reserve(order, task.call)

    return [wish(task) for task in tasks]


async def _wanted(tx: Tx, tasks: Sequence[Task]) -> Mapping[UUID, Wanted]:
    """What those want that have nothing held yet: a step may run again."""
    found = await orders.lock(tx, [task.saga_id for task in tasks])
    return {
        one.id: Wanted(one.id, one.quantities, one.shipping_address)
        for one in found.values()
        if one.status is Status.PENDING_RESERVATION
    }


async def _hold(
    tx: Tx, answered: Sequence[tuple[Task, InventoryReserved | NotEnoughStock | None]], *, in_exchange: bool = False
) -> Sequence[Outcome]:
    """Move the orders whose goods are held now, unless they have gone on before."""
    found = await orders.lock(tx, [task.saga_id for task, _ in answered])
    moves = [
        step
        for task, one in answered
        if isinstance(one, InventoryReserved) and found[task.saga_id].status is Status.PENDING_RESERVATION
        for step in found[task.saga_id].hold(one, in_exchange=in_exchange)
    ]
    orders.move(tx, moves, {task.saga_id: task.call for task, _ in answered})
    return [_outcome(one) for _, one in answered]


def _outcome(answer: InventoryReserved | NotEnoughStock | None) -> Outcome:
    return Refused(f"out of stock: {', '.join(answer.facts['skus'])}") if isinstance(answer, NotEnoughStock) else Done()


async def release_here(tx: Tx, tasks: Sequence[Task]) -> Sequence[Outcome]:
    """Give back what is held, or what was taken out."""
    for why in {task.why or "undone" for task in tasks}:
        ids = [task.saga_id for task in tasks if (task.why or "undone") == why]
        await tx.peer(InventoryPeer).release(tx, ids, why)
    return [Done()] * len(tasks)


async def _release_there(tx: Tx, tasks: Sequence[Task], away: InventoryAway) -> Sequence[Wish]:
    def wish(task: Task) -> Wish:
        return lambda: away.release(task.saga_id, task.call)

    return [wish(task) for task in tasks]


async def _released(tx: Tx, answered: Sequence[tuple[Task, Waiting | None]]) -> Sequence[Outcome]:
    return [answer or Done() for _, answer in answered]


async def _confirm_here(tx: Tx, tasks: Sequence[Task]) -> Sequence[Outcome]:
    """Take the goods out of stock for good; those that expired meanwhile are refused."""
    out = await tx.peer(InventoryPeer).confirm(tx, [task.saga_id for task in tasks])
    return await _confirmed(tx, [(task, task.saga_id in out) for task in tasks])


async def _confirm_there(tx: Tx, tasks: Sequence[Task], away: InventoryAway) -> Sequence[Wish]:
    def wish(task: Task) -> Wish:
        return lambda: away.confirm(task.saga_id, task.call)

    return [wish(task) for task in tasks]


async def _confirmed(tx: Tx, answered: Sequence[tuple[Task, bool]]) -> Sequence[Outcome]:
    return [Done() if out else Refused("the reservation expired") for _, out in answered]


RESERVE = _step(_reserve_here, _reserve_there, _hold)
RESERVE_IN_EXCHANGE = _step(partial(_reserve_here, in_exchange=True), _reserve_there, partial(_hold, in_exchange=True))
RELEASE = _step(release_here, _release_there, _released)
CONFIRM = _step(_confirm_here, _confirm_there, _confirmed)
