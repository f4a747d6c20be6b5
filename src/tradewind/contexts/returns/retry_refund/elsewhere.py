"""The saga that asks once more for the money of a return, of payments in another process.

Another refund is written down before it is claimed, so that what payments tells of it is known for what it is, and a
claim that breaks off is gone on with under the same id. A return says which saga asks for its money once more.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from msgspec.structs import replace

from tradewind.contexts.returns._domain.returned import Return
from tradewind.contexts.returns._store import returns
from tradewind.contexts.returns.inspect_return.elsewhere import claim_of
from tradewind.contracts.outcomes import Done, Outcome, Refused, Waiting
from tradewind.contracts.payments import Claimed, RefundClaim, Refunding, RefundsAway
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Tx
from tradewind.runtime.saga import store as sagas
from tradewind.runtime.saga.definition import Local, Remote, Saga, Step, Task

LOOK_WITHIN: Final = timedelta(minutes=10)
"""How long payments may be unable to say where the refund stands before this comes to nothing."""
CLAIM_WITHIN: Final = timedelta(hours=12)
"""How long payments may be unable to answer what is claimed; then a person has to see to it."""
CLAIM_ATTEMPTS: Final = 2_000
"""So many take that time, at most half a minute apart: past the pivot nothing is given up, so they alone decide."""


def begin(tx: Tx, held: Return) -> Return:
    """Have a held return's money asked for once more."""
    asking = replace(held, retry_id=new_id())
    assert asking.retry_id is not None, "just named"
    returns.save(tx, asking)
    sagas.begin(tx, RETRY_ELSEWHERE, [asking.retry_id], [tx.call])
    tx.audit("returns.retry_refund", str(asking.id), refund_id=str(asking.refund_id))
    tx.ring()
    return asking


async def _to_look(tx: Tx, tasks: Sequence[Task]) -> Sequence[Any]:
    held = await returns.hold_retried(tx, [task.saga_id for task in tasks])
    return [(tx.peer(Refunding).elsewhere, held[task.saga_id]) for task in tasks]


async def _look(task: Task, wish: tuple[RefundsAway, Return]) -> Claimed | Waiting | bool | None:
    """Where it stands. Of which only parts were refused, those are asked for anew: whether they are."""
    away, one = wish
    assert one.refund_id is not None, "it was claimed"
    stands = await away.standing(one.refund_id, task.call)
    if isinstance(stands, Waiting) or stands is None or stands.status != "PARTLY":
        return stands
    return await away.ask_again(one.order_id, one.refund_id, task.call)


async def _looked(tx: Tx, answered: Sequence[tuple[Task, Claimed | Waiting | bool | None]]) -> Sequence[Outcome]:
    """What the provider refused is another refund from now on; what only needed to be asked for anew is over."""
    held = await returns.hold_retried(tx, [task.saga_id for task, _ in answered])
    return [_found(tx, held[task.saga_id], answer) for task, answer in answered]


def _found(tx: Tx, one: Return, answer: Claimed | Waiting | bool | None) -> Outcome:
    if isinstance(answer, Waiting):
        return answer
    if answer is False:
        return Refused("less is left of the payment than this return is worth")
    if isinstance(answer, Claimed) and answer.status != "REFUSED":
        return Refused(f"its refund is {answer.status}")
    returns.save(tx, replace(one, retry_id=None) if answer is True else one.ask_anew(new_id()))
    return Done()


async def _to_claim(tx: Tx, tasks: Sequence[Task]) -> Sequence[Any]:
    held = await returns.hold_retried(tx, [task.saga_id for task in tasks])
    return [
        (tx.peer(Refunding).elsewhere, await claim_of(tx, one, whole=one.amount))
        if (one := held.get(task.saga_id))
        else Done()
        for task in tasks
    ]


async def _claim(task: Task, wish: tuple[RefundsAway, RefundClaim]) -> Claimed | Waiting:
    away, claim = wish
    return await away.claim(claim, task.call)


async def _claimed(tx: Tx, answered: Sequence[tuple[Task, Claimed | Waiting]]) -> Sequence[Outcome]:
    """Claimed, or refused because less is left: then it may be tried again."""
    await _close(tx, [task for task, answer in answered if not isinstance(answer, Waiting)])
    return [answer if isinstance(answer, Waiting) else Done() for _, answer in answered]


async def _end(tx: Tx, tasks: Sequence[Task]) -> Sequence[Outcome]:
    """There was nothing to ask for again."""
    await _close(tx, tasks)
    return [Done()] * len(tasks)


async def _close(tx: Tx, tasks: Sequence[Task]) -> None:
    held = await returns.hold_retried(tx, [task.saga_id for task in tasks]) if tasks else {}
    for one in held.values():
        returns.save(tx, replace(one, retry_id=None))


_CLAIM: Final = Remote(prepare=_to_claim, ask=_claim, record=_claimed)
RETRY_ELSEWHERE: Final = Saga(
    name="retry_elsewhere",
    version=1,
    steps=(
        Step(name="look_at_refund", do=Remote(_to_look, _look, _looked), within=LOOK_WITHIN, attempts=30),
        Step(name="claim_refund", do=_CLAIM, undo=_CLAIM, within=CLAIM_WITHIN, attempts=CLAIM_ATTEMPTS),
    ),
    pivot="look_at_refund",
    end=Local(_end),
)
