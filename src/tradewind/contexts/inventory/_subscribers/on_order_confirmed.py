"""An order is certain: whatever of it is still held leaves the stock. The saga did that before; this finds nothing."""

from collections.abc import Sequence
from typing import Final

from tradewind.contexts.inventory.confirm_reservations.confirm import confirm
from tradewind.contracts.orders import OrderConfirmed
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import apart, subscriber

STILL_HELD: Final = """
    SELECT order_id FROM inventory.reservation WHERE order_id = ANY($1::uuid[]) AND line = 0 AND state = 'HELD'
"""


@apart
@subscriber
async def on_order_confirmed(events: Sequence[OrderConfirmed], tx: Tx) -> None:
    """Confirm by event (TCC); what was confirmed or given back meanwhile stays as it is."""
    held = await tx.all(STILL_HELD, [event.order_id for event in events])
    if held:
        await confirm(tx, [row["order_id"] for row in held])
