"""An order is off (S3-60): what others' charges had paid of it goes back to their cards."""

from collections.abc import Sequence

from tradewind.contexts.payments._store import prepaid
from tradewind.contexts.payments.refund_payment.claim import give_back_credits
from tradewind.contracts.orders import OrderCancelled, OrderFailed
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import subscriber


@subscriber
async def on_order_called_off(events: Sequence[OrderCancelled | OrderFailed], tx: Tx) -> None:
    """What is promised back already is not promised twice. What its own card paid, its saga has given back."""
    left = await prepaid.left(tx, [event.order_id for event in events])
    for order_id in sorted(left):
        await give_back_credits(tx, order_id)
