"""The saga that lets go of money that is held for nothing: named by its payment, one question under one key (D6)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from tradewind.contexts.payments._domain.payment import Payment, Status
from tradewind.contexts.payments._domain.wishes import Cancel, Cancelled
from tradewind.contexts.payments._store import payments, prepaid
from tradewind.contexts.payments.peer import cancelled
from tradewind.contracts.outcomes import Done, Outcome
from tradewind.ports.payment_provider import PaymentProvider
from tradewind.runtime.database import Tx
from tradewind.runtime.saga.definition import Local, Remote, Saga, Step, Task

LOCK: Final = "SELECT * FROM payments.payments WHERE id = ANY($1::uuid[]) ORDER BY order_id FOR UPDATE"
OPEN: Final = (Status.INITIATED, Status.REQUIRES_ACTION, Status.AUTHORIZED)
"""Where money may be held, and none is taken. A question that nobody answered may hide a yes."""


async def prepare(tx: Tx, tasks: Sequence[Task]) -> Sequence[Any]:
    """The wishes to let go; what was let go or captured meanwhile needs none."""
    found = await _lock(tx, tasks)
    provider = tx.peer(PaymentProvider)
    return [_wish(provider, found[task.saga_id], task) for task in tasks]


def _wish(provider: PaymentProvider, one: Payment, task: Task) -> Cancel | Done:
    if one.status not in OPEN or one.amount.minor == 0:
        return Done()
    return Cancel(provider, one.authorization_key, one.charge, one.left, task.effect_key)


async def record(tx: Tx, answered: Sequence[tuple[Task, Cancelled]]) -> Sequence[Outcome]:
    """Book what became of each."""
    found = await _lock(tx, [task for task, _ in answered])
    lent = await prepaid.left(tx, [one.order_id for one in found.values()])
    decided = [(task, *_decided(found[task.saga_id], lent, answer)) for task, answer in answered]
    payments.save(tx, [payment for _, payment, _, _ in decided if payment])
    for task, _, event, _ in decided:
        if event:
            tx.tell(event, call=task.call)
    return [outcome for _, _, _, outcome in decided]


def _decided(one: Payment, lent: Mapping[UUID, int], answer: Cancelled) -> tuple[Payment | None, Any, Outcome]:
    return cancelled(one, lent.get(one.order_id, 0), answer)


async def _lock(tx: Tx, tasks: Sequence[Task]) -> dict[UUID, Payment]:
    return {row["id"]: payments.payment_of(row) for row in await tx.all(LOCK, [task.saga_id for task in tasks])}


async def _ask(_task: Task, wish: Cancel) -> Cancelled:
    return await wish.send()


async def give_up(_tx: Tx, tasks: Sequence[Task]) -> Sequence[Outcome]:
    """The provider would not: the payment says what is held, and the auditor names it."""
    return [Done()] * len(tasks)


LET_GO: Final = Saga(
    name="let_go",
    version=1,
    steps=(Step(name="cancel_payment", do=Remote(prepare, _ask, record), attempts=20),),
    pivot="cancel_payment",
    end=Local(give_up),
)
