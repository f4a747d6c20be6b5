"""Nothing more of a SKU can be promised (S3-29): orders that have yet to hold some of it ask now, not after a pause.

That is so where inventory runs apart and was away or slow: the saga's first step is tried again after ever longer
pauses. Asked at once, its buyer hears that there is nothing left, or has what was held for them before the answer was
lost. The saga's own question decides; where it has its answer already, nobody waits and nothing changes.
"""

from collections.abc import Sequence
from typing import Final

from tradewind.contexts.orders.place_order.saga import PLACE_ORDER
from tradewind.contracts.inventory import OutOfStock
from tradewind.runtime.database import Tx
from tradewind.runtime.saga import signals
from tradewind.runtime.subscriptions import apart, subscriber

MAX_WOKEN: Final = 500
"""Orders that are woken at once, the oldest; the others look by themselves when their pause is over."""
UNHELD: Final = """
    SELECT order_id FROM orders.orders_by_customer AS o
    WHERE status = 'PENDING_RESERVATION' AND EXISTS (
        SELECT FROM orders.order_items AS i WHERE i.order_id = o.order_id AND i.sku = ANY($1::text[]))
    ORDER BY placed_at, order_id LIMIT $2
"""


@apart
@subscriber
async def on_out_of_stock(events: Sequence[OutOfStock], tx: Tx) -> None:
    """One question however many SKUs; what orders' own list does not show yet has only just been asked for."""
    waiting = await tx.all(UNHELD, sorted({event.sku for event in events}), MAX_WOKEN)
    if waiting:
        await signals.wake_waiting(tx, [PLACE_ORDER], [row["order_id"] for row in waiting])
