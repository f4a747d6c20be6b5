"""The buyer has the goods, all of them: the order is fulfilled."""

from tradewind.contexts.orders._domain.order import Status
from tradewind.contexts.orders._store import orders
from tradewind.contracts.shipping import ShipmentDelivered
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import subscriber


@subscriber
async def on_shipment_delivered(event: ShipmentDelivered, tx: Tx) -> None:
    """Goods leave the house only once the order is paid, so a delivered order is PAID, or was fulfilled before.

    With a shipment that leaves others to come, nothing changes.
    """
    if not event.completes_order:
        return
    order = await orders.lock_one(tx, event.order_id)
    if order.status is not Status.FULFILLED:
        fulfilled = order.fulfill()
        orders.move(tx, [(order.after(fulfilled), fulfilled)], {})
