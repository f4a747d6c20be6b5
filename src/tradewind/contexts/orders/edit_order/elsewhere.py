"""The saga of an edit that moves goods where inventory has a database of its own: try, make it true, then move.

What comes is held there first, for longer than this saga may take. Once the edit is true here it is carried on until
inventory has given the order what comes and taken back what goes: that is asked under the edit's id, and done once.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from msgspec.structs import replace

from tradewind.contexts.orders._domain.edit import Edit, MethodMissing, NotEditable
from tradewind.contexts.orders._domain.order import Order
from tradewind.contexts.orders._store import edits
from tradewind.contexts.orders.edit_order.commit import commit, give_back
from tradewind.contexts.orders.edit_order.saga import end, keep_committed, make_true, open_difference, settle_edit
from tradewind.contexts.orders.payment_step import CAPTURE_ATTEMPTS, CAPTURE_WITHIN, payment_step
from tradewind.contexts.orders.place_order.goods import Placement, Wish
from tradewind.contracts.inventory import (
    Amendment,
    InventoryAway,
    InventoryPeer,
    InventoryReserved,
    NotEnoughStock,
    ReservationEnded,
    Wanted,
)
from tradewind.contracts.outcomes import Done, Failed, Outcome, Refused, Waiting
from tradewind.contracts.payments import PaymentsPeer
from tradewind.contracts.shipping import ShippingPeer
from tradewind.kernel.errors import Refusal
from tradewind.kernel.ids import new_id
from tradewind.runtime.call import Call
from tradewind.runtime.database import Tx
from tradewind.runtime.saga import store as sagas
from tradewind.runtime.saga.definition import Local, Remote, Saga, Step, Task

PATIENCE: Final = timedelta(minutes=10)
"""How long inventory may be away before an edit that is not true yet is undone."""
ATTEMPTS: Final = 40
"""More than fit into that time, which decides."""
MOVE_WITHIN: Final = timedelta(hours=12)
"""How long it may be away once the edit is true; then a person has to see to it."""
MOVE_ATTEMPTS: Final = 2_000
"""So many take that time, at most half a minute apart: what is true is never given up, so they alone decide."""
EDIT_WITHIN: Final = timedelta(hours=7)
"""How long an edit may wait, for payments too, before it is true; then it is undone."""
HELD_S: Final = 86_400
"""Seconds for which it holds what comes, and no longer can it: more than all of that, were each question slow, too."""
SETTLING: Final = "settle_edit"


async def begin(tx: Tx, order: Order, edit: Edit, more: Mapping[str, int], less: Mapping[str, int]) -> Edit:
    """Write it down and begin its saga. Refuses MethodMissing, and NotEnoughStock by what was last heard of stock."""
    begun = replace(payable(edit), more=dict(more), less=dict(less))
    await look(tx, more)
    await edits.insert(tx, begun)
    sagas.begin(tx, EDIT_ELSEWHERE, [edit.id], [tx.call], at_step=0)
    tx.ring()
    return begun


def payable(edit: Edit) -> Edit:
    """The same; refuses MethodMissing where it costs more and nobody said how that is to be paid."""
    if edit.difference.minor > 0 and edit.payment_method is None:
        raise MethodMissing
    return edit


async def look(tx: Tx, more: Mapping[str, int]) -> None:
    """Refuses NotEnoughStock by what was last heard of stock."""
    there = await tx.peer(InventoryPeer).available(tx, list(more)) if more else {}
    if lacking := sorted(sku for sku, pieces in more.items() if there.get(sku, 0) < pieces):
        raise NotEnoughStock(skus=lacking)


def _asked(
    wish: Callable[[InventoryAway, Edit, Task], Wish | None],
    record: Callable[[Tx, Sequence[tuple[Task, Any]]], Any],
) -> Remote:
    async def prepare(tx: Tx, tasks: Sequence[Task]) -> Sequence[Any]:
        away = tx.peer(Placement).away
        assert away is not None, "begun where inventory is away, carried where it is not"
        found = await edits.read(tx, [task.saga_id for task in tasks])
        return [wish(away, found[task.saga_id], task) or Done() for task in tasks]

    async def ask(_task: Task, asked: Wish) -> Any:
        return await asked()

    return Remote(prepare=prepare, ask=ask, record=record)


def _hold(away: InventoryAway, edit: Edit, task: Task) -> Wish | None:
    return (lambda: away.reserve(Wanted(edit.id, edit.more), task.call, HELD_S)) if edit.more else None


async def _held(_tx: Tx, answered: Sequence[tuple[Task, InventoryReserved | NotEnoughStock]]) -> Sequence[Outcome]:
    return [
        Refused(f"out of stock: {', '.join(one.facts['skus'])}") if isinstance(one, NotEnoughStock) else Done()
        for _, one in answered
    ]


def _let_go(away: InventoryAway, edit: Edit, task: Task) -> Wish | None:
    return (lambda: away.release(edit.id, task.call)) if edit.more else None


async def _gone(_tx: Tx, answered: Sequence[tuple[Task, Waiting | None]]) -> Sequence[Outcome]:
    return [answer or Done() for _, answer in answered]


def dearer(operation: str, prepare: Callable[[Tx, Sequence[Task]], Any]) -> Remote:
    """A step of payments for those edits that cost more; the others have no payment of their own."""

    async def of_some(tx: Tx, tasks: Sequence[Task]) -> Sequence[Any]:
        found = await edits.read(tx, [task.saga_id for task in tasks])
        dearer = [task for task in tasks if found[task.saga_id].difference.minor > 0]
        wishes: Mapping[UUID, Any] = {}
        if dearer:
            wishes = dict(zip([one.saga_id for one in dearer], await prepare(tx, dearer), strict=True))
        return [wishes.get(task.saga_id, Done()) for task in tasks]

    return payment_step(operation, prepare=of_some)


async def to_capture(tx: Tx, tasks: Sequence[Task]) -> Sequence[Any]:
    """The wishes to capture what they cost more."""
    wishes: Sequence[Any] = await tx.peer(PaymentsPeer).capture.prepare(tx, tasks)
    return wishes


async def commit_edit(tx: Tx, tasks: Sequence[Task]) -> Sequence[Outcome]:
    """The pivot: the order is of what was wanted, and what it costs less goes back."""
    return await make_true(tx, tasks, _book)


async def _book(tx: Tx, order: Order, edit: Edit, call: Call) -> Refusal | None:
    refusal = await commit(tx, order, edit, call, goods=False)
    if refusal is not None or edit.difference.minor >= 0:
        return refusal
    refund_id = new_id()
    if not await give_back(tx, edit, refund_id):
        raise NotEditable("Less is left of what was paid than would go back.", status=order.status.value)
    await edits.ask(tx, edit.id, refund_id, f"{edit.id}/{SETTLING}/0")
    return None


def _move(away: InventoryAway, edit: Edit, task: Task) -> Wish:
    return lambda: away.amend(Amendment(edit.order_id, edit.id, edit.more, edit.less), task.call)


async def _moved(tx: Tx, answered: Sequence[tuple[Task, ReservationEnded | None]]) -> Sequence[Outcome]:
    """What costs no more may leave the house now; the rest once it is paid for."""
    found = await edits.read(tx, [task.saga_id for task, one in answered if one is None])
    paid = [edit.order_id for edit in found.values() if edit.difference.minor <= 0]
    await tx.peer(ShippingPeer).release(tx, paid)
    return [Done() if one is None else Failed(one.detail) for _, one in answered]


HOLD: Final = _asked(_hold, _held)
LET_GO: Final = _asked(_let_go, _gone)
MOVE: Final = _asked(_move, _moved)
EDIT_ELSEWHERE: Final = Saga(
    name="edit_elsewhere",
    version=1,
    steps=(
        Step(name="hold_goods", do=HOLD, undo=LET_GO, within=PATIENCE, attempts=ATTEMPTS),
        Step(
            name="authorize_difference",
            do=dearer("authorize", open_difference),
            undo=payment_step("cancel"),
            within=timedelta(seconds=30),
            attempts=4,
        ),
        Step(name="commit_edit", do=Local(commit_edit), undo=Local(keep_committed)),
        Step(name="move_goods", do=MOVE, within=MOVE_WITHIN, attempts=MOVE_ATTEMPTS),
        Step(
            name="capture_difference",
            do=dearer("capture", to_capture),
            within=CAPTURE_WITHIN,
            attempts=CAPTURE_ATTEMPTS,
        ),
        Step(name=SETTLING, do=Local(settle_edit)),
    ),
    pivot="commit_edit",
    end=Local(end),
    within=EDIT_WITHIN,
)
