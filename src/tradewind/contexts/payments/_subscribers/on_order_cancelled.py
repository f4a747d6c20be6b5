"""An order is off (S3-60): what others' charges had paid of it goes back to their cards, what is still held is let go.

The saga let go of what its own card held before; then this finds nothing. Parts of an order are left to the sagas of
its edits. What was captured is left alone, too: where the order's saga did not give it back, a person decided that it
should not, and what they did instead nobody knows here. What was called off before anybody had asked for its money is
remembered: what comes back of another order may still be on its way to pay for it.
"""

from collections.abc import Sequence
from typing import Final

from tradewind.contexts.payments._store import payers, prepaid
from tradewind.contexts.payments.let_go.saga import LET_GO, OPEN
from tradewind.contexts.payments.refund_payment.claim import give_back_credits
from tradewind.contracts.orders import OrderCancelled, OrderFailed
from tradewind.runtime.database import Tx
from tradewind.runtime.saga import signals
from tradewind.runtime.saga import store as sagas
from tradewind.runtime.subscriptions import apart, subscriber

STILL_HELD: Final = """
    SELECT id FROM payments.payments
    WHERE order_id = ANY($1::uuid[]) AND part_of IS NULL AND status = ANY($2::text[])
    ORDER BY order_id FOR NO KEY UPDATE
"""


@apart
@subscriber
async def on_order_cancelled(events: Sequence[OrderCancelled | OrderFailed], tx: Tx) -> None:
    """What is promised back already is not promised twice; a saga asks the provider once for each payment.

    Whatever is over cannot be carried on, so nobody else wants it.
    """
    orders = [event.order_id for event in events]
    await payers.call_off(tx, orders)
    for order_id in sorted(await prepaid.left(tx, orders)):
        await give_back_credits(tx, order_id)
    held = [row["id"] for row in await tx.all(STILL_HELD, orders, [status.value for status in OPEN])]
    if held:
        begun = await signals.begun(tx, [LET_GO], held)
        fresh = [one for one in held if one not in begun]
        sagas.begin(tx, LET_GO, fresh, [tx.call] * len(fresh))
