"""The saga that carries an order to its end (D4-D8): hold, authorize, take out, ship, confirm, capture.

Orders only moves the order; what happens to goods, money and carriage is the peers' own work, in this transaction where
they share the database, and never inside one where they are asked over the network.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from tradewind.contexts.orders._domain.order import LIFECYCLE, PENDING, Order, Status
from tradewind.contexts.orders._store import early_deliveries, next_actions, orders
from tradewind.contexts.orders.payment_step import CAPTURE_ATTEMPTS, CAPTURE_WITHIN, payment_step
from tradewind.contexts.orders.place_order.goods import CONFIRM, RELEASE, RESERVE, Placement
from tradewind.contracts.messages import Event
from tradewind.contracts.orders import OrderCancelled, OrderPaid
from tradewind.contracts.outcomes import Done, Failed, Outcome, Refused, Waiting
from tradewind.contracts.payers import Paying
from tradewind.contracts.payments import Charge, PaymentsPeer
from tradewind.contracts.shipping import ShippingPeer
from tradewind.runtime.database import Tx
from tradewind.runtime.saga.definition import Local, Saga, Step, Task

__all__ = ["AFTER_RESERVATION", "PLACE_ORDER", "Placement"]

PAYMENT_PATIENCE_S = 3600.0
"""How long an order without a payment method sleeps before it looks again; `pay` and expiry wake it sooner."""
INVENTORY_PATIENCE = timedelta(minutes=10)
"""How long inventory may be away, where it is in another process, before an order is undone."""
INVENTORY_ATTEMPTS = 40
"""More than fit into that time, which decides."""
AFTER_RESERVATION = 1
"""Where the saga of an order begins whose goods were held in the placing transaction."""


async def open_payment(tx: Tx, tasks: Sequence[Task]) -> Sequence[Any]:
    """The wishes to authorize; an order without a payment method waits."""
    found = await orders.lock(tx, [task.saga_id for task in tasks])
    maybe = [(task, _charge(found[task.saga_id])) for task in tasks]
    charges = [(task, charge) for task, charge in maybe if charge is not None]
    wishes = await tx.peer(PaymentsPeer).open(tx, charges) if charges else []
    asked = {task.saga_id: wish for (task, _), wish in zip(charges, wishes, strict=True)}
    return [asked.get(task.saga_id, Waiting(PAYMENT_PATIENCE_S)) for task in tasks]


def _charge(order: Order) -> Charge | None:
    method = order.payment_method
    if method is None:
        return None
    return Charge(order.id, order.total, method, order.capture_by_hand, user_id=order.user_id)


async def record_authorization(tx: Tx, answered: Sequence[tuple[Task, Any]]) -> Sequence[Outcome]:
    """Book what was authorized; where payments is in another database, keep where the buyers of others must go."""
    outcomes: Sequence[Outcome] = await tx.peer(PaymentsPeer).authorize.record(tx, answered)
    if tx.peer(Paying).away is not None:
        both = [(task.saga_id, outcome) for (task, _), outcome in zip(answered, outcomes, strict=True)]
        waits = {order_id: one.next_action for order_id, one in both if isinstance(one, Waiting)}
        next_actions.keep(tx, {order_id: url for order_id, url in waits.items() if url is not None})
        next_actions.forget(tx, [order_id for order_id, _ in both if order_id not in waits])
    return outcomes


async def record_cancel(tx: Tx, answered: Sequence[tuple[Task, Any]]) -> Sequence[Outcome]:
    """Book what was let go or given back; their buyers are asked for nothing more."""
    outcomes: Sequence[Outcome] = await tx.peer(PaymentsPeer).cancel.record(tx, answered)
    if tx.peer(Paying).away is not None:
        next_actions.forget(tx, [task.saga_id for task, _ in answered])
    return outcomes


async def create_shipment(tx: Tx, tasks: Sequence[Task]) -> Sequence[Outcome]:
    """Plan the shipment; S3-81 where nobody carries goods there."""
    found = await orders.lock(tx, [task.saga_id for task in tasks])
    why = await tx.peer(ShippingPeer).create(tx, {one.id: one.shipping_address or {} for one in found.values()})
    return [Refused(reason) if (reason := why[task.saga_id]) else Done() for task in tasks]


async def cancel_shipment(tx: Tx, tasks: Sequence[Task]) -> Sequence[Outcome]:
    """Plan it no more; what has left the house needs a person."""
    why = await tx.peer(ShippingPeer).cancel(tx, [task.saga_id for task in tasks])
    return [Failed(reason) if (reason := why.get(task.saga_id)) else Done() for task in tasks]


async def confirm_order(tx: Tx, tasks: Sequence[Task]) -> Sequence[Outcome]:
    """The pivot: goods, money and carriage are certain."""
    paid_for = await tx.peer(PaymentsPeer).authorized(tx, [task.saga_id for task in tasks])
    return await _move(tx, tasks, lambda order: order.confirm(authorized=order.id in paid_for), while_=PENDING)


async def record_capture(tx: Tx, answered: Sequence[tuple[Task, Any]]) -> Sequence[Outcome]:
    """Book what was captured; those orders are paid and their goods may leave the house."""
    outcomes = await tx.peer(PaymentsPeer).capture.record(tx, answered)
    await _pay(tx, [task for (task, _), outcome in zip(answered, outcomes, strict=True) if isinstance(outcome, Done)])
    await _let_leave(tx, [task for (task, _), one in zip(answered, outcomes, strict=True) if isinstance(one, Waiting)])
    return outcomes


async def prepare_capture(tx: Tx, tasks: Sequence[Task]) -> Sequence[Any]:
    """The wishes to capture; what is free, or captured already, is paid at once.

    What is captured by hand waits: its money is certain, so its goods may leave the house, which has it captured.
    """
    wishes = await tx.peer(PaymentsPeer).capture.prepare(tx, tasks)
    await _pay(tx, [task for task, wish in zip(tasks, wishes, strict=True) if isinstance(wish, Done)])
    await _let_leave(tx, [task for task, wish in zip(tasks, wishes, strict=True) if isinstance(wish, Waiting)])
    return wishes


async def _let_leave(tx: Tx, tasks: Sequence[Task]) -> None:
    """The goods of orders whose money is held, and captured by hand."""
    found = await orders.lock(tx, [task.saga_id for task in tasks]) if tasks else {}
    if by_hand := [order.id for order in found.values() if order.capture_by_hand]:
        await tx.peer(ShippingPeer).release(tx, by_hand)


async def _pay(tx: Tx, tasks: Sequence[Task]) -> None:
    if not tasks:
        return
    found = await orders.lock(tx, [task.saga_id for task in tasks])
    due = [order for order in found.values() if order.status in LIFECYCLE.sources(OrderPaid)]
    by_hand = [order.id for order in due if order.capture_by_hand]
    there = await early_deliveries.among(tx, by_hand) if by_hand else frozenset()
    moves: list[tuple[Order, Event]] = []
    for order in due:
        paid = order.pay()
        moves.append((order.after(paid), paid))
        if order.id in there:
            fulfilled = order.after(paid).fulfill()
            moves.append((order.after(paid).after(fulfilled), fulfilled))
    orders.move(tx, moves, _calls(tasks))
    await tx.peer(ShippingPeer).release(tx, [task.saga_id for task in tasks])


async def end(tx: Tx, tasks: Sequence[Task]) -> Sequence[Outcome]:
    """Everything is undone: the order is canceled where somebody said no, failed where the shop could not."""
    refused = {task.saga_id for task in tasks if task.refused}
    why = {task.saga_id: task.why or "undone" for task in tasks}

    def off(order: Order) -> Event:
        could_not = order.id not in refused and order.status in PENDING
        return order.fail(why[order.id]) if could_not else order.cancel(why[order.id])

    return await _move(tx, tasks, off, while_=LIFECYCLE.sources(OrderCancelled))


async def _move(
    tx: Tx, tasks: Sequence[Task], by: Callable[[Order], Event], *, while_: frozenset[Status]
) -> Sequence[Outcome]:
    """Move each order by one event, unless it has gone on before: a step may run again."""
    found = await orders.lock(tx, [task.saga_id for task in tasks])
    due = [order for task in tasks if (order := found[task.saga_id]).status in while_]
    events = [by(order) for order in due]
    orders.move(tx, [(order.after(event), event) for order, event in zip(due, events, strict=True)], _calls(tasks))
    return [Done()] * len(tasks)


def _calls(tasks: Sequence[Task]) -> Mapping[UUID, Any]:
    return {task.saga_id: task.call for task in tasks}


PLACE_ORDER = Saga(
    name="place_order",
    version=1,
    steps=(
        Step(
            name="reserve_inventory", do=RESERVE, undo=RELEASE, within=INVENTORY_PATIENCE, attempts=INVENTORY_ATTEMPTS
        ),
        Step(
            name="authorize_payment",
            do=payment_step("authorize", prepare=open_payment, record=record_authorization),
            undo=payment_step("cancel", record=record_cancel),
            within=timedelta(seconds=30),
            attempts=4,
        ),
        Step(name="confirm_reservation", do=CONFIRM, within=INVENTORY_PATIENCE, attempts=INVENTORY_ATTEMPTS),
        Step(name="create_shipment", do=Local(create_shipment), undo=Local(cancel_shipment)),
        Step(name="confirm_order", do=Local(confirm_order)),
        Step(
            name="capture_payment",
            do=payment_step("capture", prepare=prepare_capture, record=record_capture),
            within=CAPTURE_WITHIN,
            attempts=CAPTURE_ATTEMPTS,
        ),
    ),
    pivot="confirm_order",
    end=Local(end),
)
