"""An order is certain: what is to be sent for it is planned (S3-71). The saga did that before; this finds nothing.

Only what was never planned is: a shipment that was canceled, held back or split since stays as it is, however late this
is heard. Orders is asked how the order stands now, and holds it, so that nothing is planned for one that is off.
"""

from collections.abc import Sequence

from tradewind.contexts.shipping._store import shipments
from tradewind.contexts.shipping.plan_shipments import plan
from tradewind.contracts.orders import OrderConfirmed, OrdersPeer
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import apart, subscriber


@apart
@subscriber
async def on_order_confirmed(events: Sequence[OrderConfirmed], tx: Tx) -> None:
    """Plan, and release what is paid meanwhile: who told of the payment found nothing to release."""
    unplanned = await shipments.unplanned(tx, [event.order_id for event in events])
    if not unplanned:
        return
    certain = await tx.peer(OrdersPeer).to_ship(tx, unplanned)
    await plan.create(tx, {order_id: one.address for order_id, one in certain.items()})
    await plan.release(tx, [order_id for order_id, one in certain.items() if one.paid])
