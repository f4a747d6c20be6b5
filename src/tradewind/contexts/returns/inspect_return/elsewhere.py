"""The saga of an inspected return whose refund is claimed of payments in another process.

The inspection stands with the transaction that begins it, and names the refund: what was taken back is decided, so only
the sum is asked for, under that id, until it is known. There is nothing to undo: whoever has it undone gets the same.
What goes out in exchange was placed with the inspection, and waits: the claim says that it is to be paid first, and
with the answer it goes on. Where it was called off by then, all of the money goes back.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from tradewind.contexts.returns._domain.returned import Return, accepted
from tradewind.contexts.returns._store import returns
from tradewind.contracts.orders import OrdersPeer
from tradewind.contracts.outcomes import Done, Outcome, Waiting
from tradewind.contracts.payments import Claimed, Instead, RefundClaim, Refunding, RefundsAway, RefundsPeer
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx
from tradewind.runtime.saga import store as sagas
from tradewind.runtime.saga.definition import Local, Remote, Saga, Step, Task

REASON: Final = "returned"
CLAIM_WITHIN: Final = timedelta(hours=12)
"""How long payments may be unable to answer what is claimed; then a person has to see to it."""
CLAIM_ATTEMPTS: Final = 2_000
"""So many take that time, at most half a minute apart: past the pivot nothing is given up, so they alone decide."""
AFTER_INSPECTION: Final = 1
"""Where it begins: the inspection is made by whoever begins it."""


def begin(tx: Tx, inspected: Return, replacement_id: UUID | None) -> Return:
    """Have what goes back for it asked for, or what of it pays for the order that goes out."""
    asking = inspected.ask(new_id(), replacement_id)
    returns.save_lines(tx, asking)
    returns.save(tx, asking)
    sagas.begin(tx, SETTLE_RETURN, [asking.id], [tx.call], at_step=AFTER_INSPECTION)
    tx.ring()
    return asking


async def claim_of(tx: Tx, one: Return, whole: Money | None = None, instead: Instead | None = None) -> RefundClaim:
    """What is claimed for what was taken back of it."""
    bought = await tx.peer(OrdersPeer).bought(tx, one.order_id)
    assert bought is not None, "a return is of an order that there is, and orders are never deleted"
    assert one.refund_id is not None, "it is claimed under an id"
    return RefundClaim(
        order_id=one.order_id,
        refund_id=one.refund_id,
        pieces=accepted(one),
        sold=bought,
        reason=REASON,
        whole=whole,
        instead=instead,
    )


async def _prepare(tx: Tx, tasks: Sequence[Task]) -> Sequence[Any]:
    """The claims to send. Where payments is not away any more, it answers within this transaction."""
    away = tx.peer(Refunding).away
    held = await returns.hold_all(tx, [task.saga_id for task in tasks])
    asking = {one.id: one for one in held.values() if one.is_asking}
    instead = await _instead(tx, asking.values())
    wishes: list[Any] = []
    for task in tasks:
        one = asking.get(task.saga_id)
        if one is None:
            wishes.append(Done())
        elif away is not None:
            wishes.append((away, await claim_of(tx, one, instead=instead.get(one.id))))
        else:
            wishes.append(await _claim_here(tx, one, instead.get(one.id), task))
    if away is None:
        await _let_go_out(tx, asking.values())
    return wishes


async def _instead(tx: Tx, asking: Iterable[Return]) -> Mapping[UUID, Instead]:
    """What is to be paid first of what goes back for each: what goes out for it, unless that was called off."""
    replaced = {one.id: one.replacement_id for one in asking if one.replacement_id is not None}
    totals = await tx.peer(OrdersPeer).awaiting_credit(tx, list(replaced.values())) if replaced else {}
    return {id_: Instead(order_id, totals[order_id]) for id_, order_id in replaced.items() if order_id in totals}


async def _let_go_out(tx: Tx, settled: Iterable[Return]) -> None:
    """The orders that go out for these need not wait any longer."""
    replaced = {one.replacement_id: one.order_id for one in settled if one.replacement_id is not None}
    if replaced:
        await tx.peer(OrdersPeer).credited(tx, replaced)


async def _claim_here(tx: Tx, one: Return, instead: Instead | None, task: Task) -> Outcome:
    assert one.refund_id is not None, "it asks under an id"
    claimed = await tx.peer(RefundsPeer).refund(tx, one.order_id, one.refund_id, accepted(one), REASON, instead)
    return _settled(tx, one, claimed, task)


async def _ask(task: Task, wish: tuple[RefundsAway, RefundClaim]) -> Claimed | Waiting:
    away, claim = wish
    return await away.claim(claim, task.call)


async def _record(tx: Tx, answered: Sequence[tuple[Task, Claimed | Waiting]]) -> Sequence[Outcome]:
    held = await returns.hold_all(tx, [task.saga_id for task, _ in answered])
    known = [held[task.saga_id] for task, answer in answered if not isinstance(answer, Waiting)]
    await _let_go_out(tx, [one for one in known if one.is_asking])
    return [
        answer if isinstance(answer, Waiting) else _settled(tx, held[task.saga_id], answer, task)
        for task, answer in answered
    ]


def _settled(tx: Tx, one: Return, claimed: Claimed, task: Task) -> Outcome:
    """So much goes back. What payments told before this was known counts, too."""
    if not one.is_asking:
        return Done()
    assert one.refund_id is not None, "it asks under an id"
    after, told = one.settle(claimed.amount, one.refund_id, one.replacement_id)
    tx.tell(told, call=task.call)
    if after.back >= after.amount.minor:
        after, last = after.refund()
        tx.tell(last, call=task.call)
    returns.save(tx, after)
    return Done()


async def _inspected(_tx: Tx, tasks: Sequence[Task]) -> Sequence[Outcome]:
    """It is inspected: nothing is left to do, and nothing to undo."""
    return [Done()] * len(tasks)


_CLAIM: Final = Remote(prepare=_prepare, ask=_ask, record=_record)
_WITHOUT_EXCHANGES: Final = Saga(
    name="settle_return",
    version=1,
    steps=(
        Step(name="inspect_return", do=Local(_inspected)),
        Step(name="claim_refund", do=_CLAIM, undo=_CLAIM, within=CLAIM_WITHIN, attempts=CLAIM_ATTEMPTS),
    ),
    pivot="inspect_return",
    end=Local(_inspected),
)
SETTLE_RETURN: Final = dataclasses.replace(_WITHOUT_EXCHANGES, version=2, earlier=(_WITHOUT_EXCHANGES,))
"""The same steps: a process of the release before would claim without what is to be paid first, so it gets none."""
