"""The buyer has the goods, all of them: the order is fulfilled."""

from tradewind.contexts.orders._domain.order import Status
from tradewind.contexts.orders._store import early_deliveries, orders
from tradewind.contracts.shipping import ShipmentDelivered
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import subscriber


@subscriber
async def on_shipment_delivered(event: ShipmentDelivered, tx: Tx) -> None:
    """A delivered order is PAID, or was fulfilled before. One that is captured by hand may still be paid for: then its
    saga fulfills it with the money. With a shipment that leaves others to come, nothing changes."""
    if not event.completes_order:
        return
    order = await orders.lock_one(tx, event.order_id)
    if order.capture_by_hand and order.status is Status.CONFIRMED:
        await early_deliveries.note(tx, order.id)
    elif order.status is not Status.FULFILLED:
        fulfilled = order.fulfill()
        orders.move(tx, [(order.after(fulfilled), fulfilled)], {})
