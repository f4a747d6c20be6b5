"""The saga of an edit of a paid order where payments is asked in another process: hold, make it true, then send.

The order's money is held there for the edit alone before anything is true here; what it costs less is claimed with it.
Once the edit is true that is sent, and else let go: all under the refund's id, once, whatever comes late or twice.
Goods are held and moved here, or asked of inventory where that has a database of its own.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from msgspec.structs import replace

from tradewind.contexts.orders._domain.edit import Edit
from tradewind.contexts.orders._domain.order import Order
from tradewind.contexts.orders._store import edits
from tradewind.contexts.orders.edit_order import elsewhere as goods
from tradewind.contexts.orders.edit_order.commit import REASON, commit
from tradewind.contexts.orders.edit_order.saga import (
    end,
    keep_committed,
    make_true,
    open_difference,
    settled,
)
from tradewind.contexts.orders.payment_step import CAPTURE_ATTEMPTS, CAPTURE_WITHIN, payment_step
from tradewind.contexts.orders.place_order.goods import Placement
from tradewind.contracts.inventory import InventoryPeer, NotEnoughStock, Wanted
from tradewind.contracts.outcomes import Done, Outcome, Refused, Waiting
from tradewind.contracts.payments import Claimed, RefundHold, Refunding, RefundsAway
from tradewind.contracts.shipping import ShippingPeer
from tradewind.kernel.errors import Refusal
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.runtime.call import Call
from tradewind.runtime.database import Tx
from tradewind.runtime.saga import store as sagas
from tradewind.runtime.saga.definition import Local, Remote, Saga, Step, Task

PATIENCE: Final = timedelta(minutes=10)
"""How long payments may be unable to answer before an edit that is not true yet is undone."""
SEND_WITHIN: Final = timedelta(hours=12)
"""How long it may be unable to answer once the edit is true; then a person has to see to it."""
SEND_ATTEMPTS: Final = 2_000
"""So many take that time, at most half a minute apart: what is true is never given up, so they alone decide."""
LOOK_AGAIN_S: Final = 5.0
"""Seconds until it is asked again how a refund stands; that it is back is told sooner, but may be told too soon."""
SETTLING: Final = "settle_edit"


async def begin(tx: Tx, order: Order, edit: Edit, more: Mapping[str, int], less: Mapping[str, int]) -> Edit:
    """Write it down and begin its saga. Refuses MethodMissing, and NotEnoughStock by what was last heard of stock."""
    wanted = replace(goods.payable(edit), more=dict(more), less=dict(less))
    await goods.look(tx, more)
    begun = replace(wanted, refund_id=new_id(), refund_asked=f"{edit.id}/{SETTLING}/0")
    await edits.insert(tx, begun)
    sagas.begin(tx, EDIT_APART, [edit.id], [tx.call])
    tx.ring()
    return begun


async def _read(tx: Tx, tasks: Sequence[Task]) -> dict[Any, Edit]:
    return await edits.read(tx, [task.saga_id for task in tasks])


async def _ask(_task: Task, wish: Callable[[], Any]) -> Any:
    return await wish()


async def _to_hold(tx: Tx, tasks: Sequence[Task]) -> Sequence[Any]:
    away, found = tx.peer(Refunding).elsewhere, await _read(tx, tasks)
    return [_hold_wish(away, await _hold_of(tx, found[task.saga_id]), task) for task in tasks]


def _hold_wish(away: RefundsAway, wish: RefundHold, task: Task) -> Callable[[], Any]:
    return lambda: away.hold(wish, task.call)


async def _hold_of(tx: Tx, edit: Edit) -> RefundHold:
    assert edit.refund_id is not None, "named when it was begun"
    back = Money(max(0, -edit.difference.minor), edit.difference.currency)
    others = tuple(await edits.refunds(tx, edit.order_id))
    return RefundHold(
        order_id=edit.order_id,
        refund_id=edit.refund_id,
        amount=back,
        reason=REASON,
        besides=others,
        edit_id=edit.id,
    )


async def _held(_tx: Tx, answered: Sequence[tuple[Task, Claimed | Waiting]]) -> Sequence[Outcome]:
    return [_hold_outcome(answer) for _, answer in answered]


def _hold_outcome(answer: Claimed | Waiting) -> Outcome:
    if isinstance(answer, Waiting):
        return answer
    if answer.status == "REFUSED":
        return Refused("some of the order is given back, or less is left of what was paid than would go back")
    return Done()


async def _to_let_go(tx: Tx, tasks: Sequence[Task]) -> Sequence[Any]:
    away, found = tx.peer(Refunding).elsewhere, await _read(tx, tasks)
    return [_by_id(away.let_go, found[task.saga_id], task) for task in tasks]


def _by_id(ask: Callable[..., Any], edit: Edit, task: Task) -> Callable[[], Any]:
    return lambda: ask(edit.refund_id, task.call)


async def _gone(_tx: Tx, answered: Sequence[tuple[Task, Waiting | None]]) -> Sequence[Outcome]:
    return [answer or Done() for _, answer in answered]


async def _hold_goods(tx: Tx, tasks: Sequence[Task]) -> Sequence[Any]:
    if tx.peer(Placement).away is not None:
        asked: Sequence[Any] = await goods.HOLD.prepare(tx, tasks)
        return asked
    found = await _read(tx, tasks)
    return [await _hold_here(tx, found[task.saga_id], task) for task in tasks]


async def _hold_here(tx: Tx, edit: Edit, task: Task) -> Outcome:
    if not edit.more:
        return Done()
    (held,) = await tx.peer(InventoryPeer).reserve(tx, [Wanted(edit.id, edit.more)])
    if isinstance(held, NotEnoughStock):
        return Refused(f"out of stock: {', '.join(held.facts['skus'])}")
    tx.tell(held, call=task.call)
    return Done()


async def _let_goods_go(tx: Tx, tasks: Sequence[Task]) -> Sequence[Any]:
    """Where they are here the saga's end gives them back."""
    if tx.peer(Placement).away is None:
        return [Done()] * len(tasks)
    asked: Sequence[Any] = await goods.LET_GO.prepare(tx, tasks)
    return asked


async def commit_edit(tx: Tx, tasks: Sequence[Task]) -> Sequence[Outcome]:
    """The pivot: the order is of what was wanted."""
    return await make_true(tx, tasks, _book)


async def _book(tx: Tx, order: Order, edit: Edit, call: Call) -> Refusal | None:
    return await commit(tx, order, edit, call, goods=tx.peer(Placement).away is None)


async def _to_move(tx: Tx, tasks: Sequence[Task]) -> Sequence[Any]:
    if tx.peer(Placement).away is not None:
        asked: Sequence[Any] = await goods.MOVE.prepare(tx, tasks)
        found = await _read(tx, tasks)
        moves = [found[task.saga_id].more or found[task.saga_id].less for task in tasks]
        return [wish if any_ else Done() for wish, any_ in zip(asked, moves, strict=True)]
    return [Done()] * len(tasks)


async def _to_send(tx: Tx, tasks: Sequence[Task]) -> Sequence[Any]:
    away, found = tx.peer(Refunding).elsewhere, await _read(tx, tasks)
    return [_by_id(away.send, found[task.saga_id], task) for task in tasks]


async def _sent(tx: Tx, answered: Sequence[tuple[Task, Claimed | Waiting | None]]) -> Sequence[Outcome]:
    """What costs no more may leave the house now; the rest once it is paid for."""
    found = await _read(tx, [task for task, answer in answered if not isinstance(answer, Waiting)])
    paid = [edit.order_id for edit in found.values() if edit.difference.minor <= 0]
    await tx.peer(ShippingPeer).release(tx, paid)
    return [answer if isinstance(answer, Waiting) else Done() for _, answer in answered]


async def _to_settle(tx: Tx, tasks: Sequence[Task]) -> Sequence[Any]:
    """Where its refund stands; what a person had tried again is another refund, which is written down first."""
    away, found = tx.peer(Refunding).elsewhere, await _read(tx, tasks)
    wishes: list[Any] = []
    for task in tasks:
        edit = found[task.saga_id]
        if edit.refund_asked != task.effect_key:
            edit = replace(edit, refund_id=new_id(), refund_asked=task.effect_key)
            assert edit.refund_id is not None, "just named"
            await edits.ask(tx, edit.id, edit.refund_id, task.effect_key)
        wishes.append(_settle_wish(away, edit, await _hold_of(tx, edit), task))
    return wishes


def _settle_wish(away: RefundsAway, edit: Edit, again: RefundHold, task: Task) -> Callable[[], Any]:
    async def ask() -> Claimed | Waiting | None:
        if edit.difference.minor >= 0:
            return None
        stands = await away.standing(again.refund_id, task.call)
        if stands is not None:
            return stands
        held = await away.hold(again, task.call)
        if isinstance(held, Waiting) or held.status == "REFUSED":
            return held
        return await away.send(again.refund_id, task.call)

    return ask


async def _settled(tx: Tx, answered: Sequence[tuple[Task, Claimed | Waiting | None]]) -> Sequence[Outcome]:
    found = await _read(tx, [task for task, _ in answered])
    outcomes = [_outcome(answer) for _, answer in answered]
    over = [found[task.saga_id] for (task, _), one in zip(answered, outcomes, strict=True) if isinstance(one, Done)]
    await settled(tx, over)
    return outcomes


def _outcome(answer: Claimed | Waiting | None) -> Outcome:
    if isinstance(answer, Waiting):
        return answer
    if answer is None or answer.status == "DONE":
        return Done()
    if answer.status == "PENDING":
        return Waiting(LOOK_AGAIN_S, heard=True)
    return Refused("the provider would not give it back, or less is left of what was paid than is owed")


_HOLD: Final = Remote(prepare=_to_hold, ask=_ask, record=_held)
_LET_GO: Final = Remote(prepare=_to_let_go, ask=_ask, record=_gone)
EDIT_APART: Final = Saga(
    name="edit_apart",
    version=1,
    steps=(
        Step(name="hold_refund", do=_HOLD, undo=_LET_GO, within=PATIENCE, attempts=goods.ATTEMPTS),
        Step(
            name="hold_goods",
            do=dataclasses.replace(goods.HOLD, prepare=_hold_goods),
            undo=dataclasses.replace(goods.LET_GO, prepare=_let_goods_go),
            within=goods.PATIENCE,
            attempts=goods.ATTEMPTS,
        ),
        Step(
            name="authorize_difference",
            do=goods.dearer("authorize", open_difference),
            undo=payment_step("cancel"),
            within=timedelta(seconds=30),
            attempts=4,
        ),
        Step(name="commit_edit", do=Local(commit_edit), undo=Local(keep_committed)),
        Step(
            name="move_goods",
            do=dataclasses.replace(goods.MOVE, prepare=_to_move),
            within=goods.MOVE_WITHIN,
            attempts=goods.MOVE_ATTEMPTS,
        ),
        Step(
            name="send_refund",
            do=Remote(prepare=_to_send, ask=_ask, record=_sent),
            within=SEND_WITHIN,
            attempts=SEND_ATTEMPTS,
        ),
        Step(
            name="capture_difference",
            do=goods.dearer("capture", goods.to_capture),
            within=CAPTURE_WITHIN,
            attempts=CAPTURE_ATTEMPTS,
        ),
        Step(
            name=SETTLING,
            do=Remote(prepare=_to_settle, ask=_ask, record=_settled),
            within=SEND_WITHIN,
            attempts=SEND_ATTEMPTS,
        ),
    ),
    pivot="commit_edit",
    end=Local(end),
    within=goods.EDIT_WITHIN,
)
