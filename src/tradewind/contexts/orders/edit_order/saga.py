"""The saga of an edit that costs more or less: authorize the difference, make it true, capture, see the money home.

Its id is the edit's. What comes is held, and the parcel held back, in the transaction that begins it; an edit that
costs less is true in that transaction already, and its saga only waits for the refund.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, TypeAlias
from uuid import UUID

from tradewind.contexts.orders._domain.edit import Edit, Status
from tradewind.contexts.orders._domain.order import Order
from tradewind.contexts.orders._domain.order import Status as OrderStatus
from tradewind.contexts.orders._store import edits, orders
from tradewind.contexts.orders.edit_order.commit import commit, give_back
from tradewind.contexts.orders.payment_step import CAPTURE_ATTEMPTS, CAPTURE_WITHIN, payment_step
from tradewind.contracts.inventory import InventoryPeer
from tradewind.contracts.outcomes import Done, Failed, Outcome, Refused, Waiting
from tradewind.contracts.payers import SAVED
from tradewind.contracts.payments import Charge, PaymentsPeer, RefundsPeer
from tradewind.contracts.shipping import ShippingPeer
from tradewind.kernel.errors import Refusal
from tradewind.kernel.ids import new_id
from tradewind.runtime.call import Call
from tradewind.runtime.database import Tx
from tradewind.runtime.saga.definition import Local, Saga, Step, Task

Commit: TypeAlias = Callable[[Tx, Order, Edit, Call], Awaitable[Refusal | None]]
REFUND_PATIENCE_S: Final = 30.0
"""How long it sleeps while money is on its way back; the refund wakes it sooner."""
AT_SETTLING: Final = 3
"""Where the saga of an edit begins that was made true in the transaction that began it."""


async def open_difference(tx: Tx, tasks: Sequence[Task]) -> Sequence[Any]:
    """The wishes to authorize what it costs more."""
    found = await edits.read(tx, [task.saga_id for task in tasks])
    named = [edit.order_id for edit in found.values() if (edit.payment_method or "").startswith(SAVED)]
    users = await orders.users(tx, named) if named else {}
    charges = [(task, _charge(found[task.saga_id], users)) for task in tasks]
    return await tx.peer(PaymentsPeer).open(tx, charges)


def _charge(edit: Edit, users: Mapping[UUID, str]) -> Charge:
    assert edit.payment_method is not None, "an edit that costs more has a method"
    user_id = users.get(edit.order_id)
    return Charge(edit.id, edit.difference, edit.payment_method, part_of=edit.order_id, user_id=user_id)


async def commit_edit(tx: Tx, tasks: Sequence[Task]) -> Sequence[Outcome]:
    """The pivot: the order is of what was wanted, unless it has gone on meanwhile."""
    return await make_true(tx, tasks, commit)


async def make_true(tx: Tx, tasks: Sequence[Task], by: Commit) -> Sequence[Outcome]:
    """The same, `by` whatever that takes."""
    found = await edits.read(tx, [task.saga_id for task in tasks])
    held = await orders.lock(tx, [edit.order_id for edit in found.values()])
    outcomes: list[Outcome] = []
    for task in tasks:
        edit = found[task.saga_id]
        tx.calls = {**tx.calls, str(edit.order_id): task.call}
        refusal = await _commit(tx, held[edit.order_id], edit, task, by) if edit.status is Status.PENDING else None
        outcomes.append(Done() if refusal is None else Refused(refusal))
    return outcomes


async def _commit(tx: Tx, order: Order, edit: Edit, task: Task, by: Commit) -> str | None:
    if order.status is not OrderStatus.PAID or order.version != edit.order_version:
        return f"the order has gone on: it is {order.status.value}"
    if edit.refund_id is None and await others_refund(tx, order):  # else it holds the order's money for itself
        return "some of the order is given back"
    if (why := await tx.peer(ShippingPeer).hold(tx, order.id)) is not None:
        return why
    refusal = await by(tx, order, edit, task.call)
    if refusal is not None:
        return refusal.detail
    edits.move(tx, edit.id, Status.COMMITTED)
    return None


async def others_refund(tx: Tx, order: Order) -> bool:
    """Whether some of the order is given back, or is to be, otherwise than by edits."""
    given_back: bool = await tx.peer(RefundsPeer).has_refunds(tx, order.id, await edits.refunds(tx, order.id))
    return given_back


async def keep_committed(tx: Tx, tasks: Sequence[Task]) -> Sequence[Outcome]:
    """What is true is not undone here: the order may be changed again."""
    found = await edits.read(tx, [task.saga_id for task in tasks])
    committed = {edit.id for edit in found.values() if edit.status is Status.COMMITTED}
    why = "the order is changed already; change it again, or refund it"
    return [Failed(why) if task.saga_id in committed else Done() for task in tasks]


async def settle_edit(tx: Tx, tasks: Sequence[Task]) -> Sequence[Outcome]:
    """Everything that it costs is taken, or everything that it costs less is back: it is over."""
    found = await edits.read(tx, [task.saga_id for task in tasks])
    refunds = [edit.refund_id for edit in found.values() if edit.refund_id]
    stands = await tx.peer(RefundsPeer).standing(tx, refunds) if refunds else {}
    outcomes: list[Outcome] = []
    for task in tasks:
        edit = found[task.saga_id]
        stand = stands.get(edit.refund_id) if edit.refund_id else None
        outcomes.append(await _settled(tx, edit, task, stand.status if stand else "DONE"))
    await settled(tx, [found[task.saga_id] for task, one in zip(tasks, outcomes, strict=True) if isinstance(one, Done)])
    return outcomes


async def settled(tx: Tx, over: Sequence[Edit]) -> None:
    """These are over: their parcels may leave the house."""
    for edit in over:
        edits.close(tx, edit.id, Status.DONE)
    await tx.peer(ShippingPeer).release(tx, [edit.order_id for edit in over])


async def _settled(tx: Tx, edit: Edit, task: Task, stands: str) -> Outcome:
    if stands == "DONE":
        return Done()
    if stands == "REFUSED" and edit.refund_asked != task.effect_key:  # a person had it tried again
        refund_id = new_id()
        if not await give_back(tx, edit, refund_id):
            return Refused("less is left of what was paid than is owed")
        await edits.ask(tx, edit.id, refund_id, task.effect_key)
        return Waiting(REFUND_PATIENCE_S)
    return Waiting(REFUND_PATIENCE_S) if stands == "PENDING" else Refused("the provider would not give it back")


async def end(tx: Tx, tasks: Sequence[Task]) -> Sequence[Outcome]:
    """It is not to be: what was held is free again, the parcel may leave the house, the order is as it was."""
    found = await edits.read(tx, [task.saga_id for task in tasks])
    await orders.lock(tx, [edit.order_id for edit in found.values()])
    await tx.peer(InventoryPeer).release(tx, [task.saga_id for task in tasks], "the order was not edited")
    await tx.peer(ShippingPeer).release(tx, [edit.order_id for edit in found.values()])
    for task in tasks:
        edits.close(tx, task.saga_id, Status.REFUSED, task.why or "undone")
    return [Done()] * len(tasks)


EDIT_ORDER = Saga(
    name="edit_order",
    version=1,
    steps=(
        Step(
            name="authorize_difference",
            do=payment_step("authorize", prepare=open_difference),
            undo=payment_step("cancel"),
            within=timedelta(seconds=30),
            attempts=4,
        ),
        Step(name="commit_edit", do=Local(commit_edit), undo=Local(keep_committed)),
        Step(name="capture_difference", do=payment_step("capture"), within=CAPTURE_WITHIN, attempts=CAPTURE_ATTEMPTS),
        Step(name="settle_edit", do=Local(settle_edit)),
    ),
    pivot="commit_edit",
    end=Local(end),
)
