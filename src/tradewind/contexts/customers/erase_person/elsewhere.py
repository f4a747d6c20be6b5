"""The saga that has a person forgotten by payments in another process, by the ids of their orders, until it is done.

It is begun in the transaction in which everybody else forgets: whoever was told that they are forgotten, is, there too.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Final

from tradewind.contexts.customers._store import forgetting
from tradewind.contexts.customers._store.forgetting import Page
from tradewind.contracts.outcomes import Done, Outcome, Waiting
from tradewind.contracts.privacy import MAX_ORDERS_OF_A_PERSON, OrdersOfPeer, Person, Persons, PersonsAway, PersonsPeer
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Tx
from tradewind.runtime.saga import store as sagas
from tradewind.runtime.saga.definition import Local, Remote, Saga, Step, Task

WITHIN: Final = timedelta(days=30)
"""What the law gives; then a person has to see to it."""
PAYMENTS: Final = "payments"
ATTEMPTS: Final = 100
"""Answers that say nothing; while nobody is there to ask, none is counted."""
Wish = Callable[[], Awaitable[Waiting | None]]


async def begin(tx: Tx, person: Person) -> Sequence[str]:
    """Where payments is in another process: write down what it is to forget, and have it asked. Who will be asked."""
    if tx.peer(Persons).away is None:
        return ()
    id_ = new_id()
    forgetting.insert(tx, id_, person.user_id, await tx.peer(OrdersOfPeer).order_ids(tx, person))
    sagas.begin(tx, FORGET_ELSEWHERE, [id_], [tx.call])
    tx.ring()
    return (PAYMENTS,)


async def promise(_tx: Tx, tasks: Sequence[Task]) -> Sequence[Outcome]:
    """From here on there is no way back: everybody else has forgotten already."""
    return [Done()] * len(tasks)


async def prepare(tx: Tx, tasks: Sequence[Task]) -> Sequence[Wish | Outcome]:
    """The next page of each. Where payments is not away any more, it forgets within this transaction."""
    pages = await forgetting.pages(tx, [task.saga_id for task in tasks], MAX_ORDERS_OF_A_PERSON)
    away = tx.peer(Persons).away
    if away is not None:
        return [_wish(away, pages[task.saga_id], task) if task.saga_id in pages else Done() for task in tasks]
    for page in pages.values():
        await tx.peer(PersonsPeer).forget(tx, page.user_id, page.orders)
    return await record(tx, [(task, None) for task in tasks])


def _wish(away: PersonsAway, page: Page, task: Task) -> Wish:
    return lambda: away.forget(page.user_id, page.orders, task.call)


async def _ask(_task: Task, wish: Wish) -> Waiting | None:
    return await wish()


async def record(tx: Tx, answered: Sequence[tuple[Task, Waiting | None]]) -> Sequence[Outcome]:
    """What is forgotten there is not kept here any longer; the next page follows at once."""
    done = [task.saga_id for task, answer in answered if answer is None]
    left = await forgetting.turn(tx, done, MAX_ORDERS_OF_A_PERSON)
    more = Waiting(0.0, heard=True)
    return [answer or (more if task.saga_id in left else Done()) for task, answer in answered]


FORGET_ELSEWHERE: Final = Saga(
    name="forget_elsewhere",
    version=1,
    steps=(
        Step(name="promise", do=Local(promise)),
        Step(name="forget_payments", do=Remote(prepare, _ask, record), within=WITHIN, attempts=ATTEMPTS),
    ),
    pivot="promise",
    end=Local(promise),
    within=WITHIN,
)
