"""Whatever happened about which somebody is written to: note what is owed to whom, in the transaction of the position.

All that is there is taken together: four questions and one statement, however many events. Nothing is sent here.
"""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Final, TypeAlias
from uuid import UUID

from tradewind.contexts.notifications._domain.messages import Kind, Occasion, channels
from tradewind.contexts.notifications._store import messages
from tradewind.contracts.carts import CartAbandoned, CartsPeer
from tradewind.contracts.customers import CustomersPeer
from tradewind.contracts.inventory import BackorderAllotted, InventoryBackordered
from tradewind.contracts.orders import (
    Buyer,
    BuyersPeer,
    OrderCancelled,
    OrderConfirmed,
    OrderEdited,
    OrderFailed,
    PaymentAwaited,
)
from tradewind.contracts.payments import PaymentRefunded
from tradewind.contracts.returns import ReturnApproved, ReturnReceived, ReturnRejected
from tradewind.contracts.shipping import ShipmentDelivered, ShipmentDispatched
from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import failpoint
from tradewind.runtime.subscriptions import subscriber

OfOrder: TypeAlias = (
    PaymentAwaited
    | InventoryBackordered
    | BackorderAllotted
    | OrderEdited
    | OrderConfirmed
    | OrderCancelled
    | OrderFailed
    | ShipmentDispatched
    | ShipmentDelivered
    | PaymentRefunded
    | ReturnApproved
    | ReturnRejected
    | ReturnReceived
)
KINDS: Final[dict[type, Kind]] = {
    PaymentAwaited: Kind.PAYMENT_AWAITED,
    InventoryBackordered: Kind.ORDER_BACKORDERED,
    BackorderAllotted: Kind.ORDER_GOODS_READY,
    OrderEdited: Kind.ORDER_CHANGED,
    OrderConfirmed: Kind.ORDER_CONFIRMED,
    OrderCancelled: Kind.ORDER_CANCELLED,
    OrderFailed: Kind.ORDER_FAILED,
    ShipmentDispatched: Kind.ORDER_SHIPPED,
    ShipmentDelivered: Kind.ORDER_DELIVERED,
    PaymentRefunded: Kind.ORDER_REFUNDED,
    ReturnApproved: Kind.RETURN_APPROVED,
    ReturnRejected: Kind.RETURN_REJECTED,
    ReturnReceived: Kind.RETURN_RECEIVED,
}


@subscriber
async def owe_messages(events: Sequence[OfOrder | CartAbandoned], tx: Tx) -> None:
    """One message an event and channel. Nobody is written to about a cart that was bought or closed meanwhile."""
    occasions = [*await _of_orders(tx, [one for one in events if not isinstance(one, CartAbandoned)])]
    occasions += await _of_carts(tx, [one for one in events if isinstance(one, CartAbandoned)])
    if not occasions:
        return
    people = list({one.user_id for one in occasions})
    reached = await tx.peer(CustomersPeer).reach(tx, people)
    devices = await messages.devices(tx, people)
    owed = [
        (one, channel)
        for one in occasions
        for channel in channels(one, reached.get(one.user_id), has_device=one.user_id in devices)
    ]
    if owed:
        failpoint("notifications.before_owe")
        await messages.owe(tx, owed)
        failpoint("notifications.after_owe")


async def _of_orders(tx: Tx, events: Sequence[OfOrder]) -> Sequence[Occasion]:
    if not events:
        return []
    buyers = await tx.peer(BuyersPeer).buyers(tx, list({event.order_id for event in events}))
    refunds = Counter[UUID]()
    if refunded := [event.payment_id for event in events if isinstance(event, PaymentRefunded)]:
        refunds.update(await messages.refunds_noted(tx, refunded))
    found = []
    for event in events:
        if isinstance(event, PaymentRefunded):
            refunds[event.payment_id] += 1
        if event.order_id in buyers and not (isinstance(event, BackorderAllotted) and event.still_waiting):
            subject = _subject(event, refunds)
            found.append(_occasion(event, subject, buyers[event.order_id]))
    return found


def _occasion(event: OfOrder, subject: str, buyer: Buyer) -> Occasion:
    return Occasion(
        kind=KINDS[type(event)],
        subject=subject,
        user_id=buyer.user_id,
        order_id=event.order_id,
        email=buyer.email,
        facts={"order": str(event.order_id), **_facts(event)},
    )


def _subject(event: OfOrder, refunds: Counter[UUID]) -> str:
    """Which of its kind it is; refunds of a payment are told apart by their number, in the order of the log."""
    if isinstance(event, ShipmentDispatched):
        return f"{event.shipment_id}/{event.tracking_number}"
    if isinstance(event, ShipmentDelivered):
        return str(event.shipment_id)
    if isinstance(event, PaymentRefunded):
        return f"{event.payment_id}/{refunds[event.payment_id]}"
    if isinstance(event, ReturnApproved | ReturnRejected | ReturnReceived):
        return str(event.return_id)
    if isinstance(event, OrderEdited):
        return str(event.edit_id)
    return str(event.order_id)


def _facts(event: OfOrder) -> dict[str, str]:
    if isinstance(event, OrderConfirmed | OrderCancelled):
        return {"total": _money(event.total_amount, event.currency)}
    if isinstance(event, OrderEdited):
        return _change(event)
    if isinstance(event, InventoryBackordered):
        goods = ", ".join(f"{line.qty} × {line.sku}" for line in event.items)
        expected = {"expected": event.expected_at.date().isoformat()} if event.expected_at else {}
        return {"goods": goods, "until": event.until.date().isoformat(), **expected}
    if isinstance(event, ShipmentDispatched):
        return {"tracking": event.tracking_number}
    if isinstance(event, ReturnApproved):
        return {"number": event.number}
    if isinstance(event, PaymentRefunded):
        return {"amount": _money(event.amount, event.currency)}
    return {}


def _change(event: OrderEdited) -> dict[str, str]:
    """What the order comes to now, and by how much that is more or less than before."""
    facts = {"total": _money(event.total_amount, event.currency)}
    if event.total_amount == event.previous_amount:
        return facts
    name = "more" if event.total_amount > event.previous_amount else "less"
    difference = _money(abs(event.total_amount - event.previous_amount), event.currency)
    return {**facts, "previous": _money(event.previous_amount, event.currency), name: difference}


def _money(amount: Decimal, currency: str) -> str:
    return f"{amount} {currency}"


async def _of_carts(tx: Tx, events: Sequence[CartAbandoned]) -> Sequence[Occasion]:
    if not events:
        return []
    owners = await tx.peer(CartsPeer).owners(tx, [event.cart_id for event in events])
    occasions = {
        event.cart_id: Occasion(
            kind=Kind.CART_ABANDONED,
            subject=str(event.cart_id),
            user_id=owners[event.cart_id],
            facts={"lines": str(event.lines), "cart": str(event.cart_id)},
        )
        for event in events
        if event.cart_id in owners
    }
    return [*occasions.values()]
