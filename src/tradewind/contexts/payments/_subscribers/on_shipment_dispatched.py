"""The goods have left the house: what is only held for them is captured (D5)."""

from collections.abc import Sequence
from typing import Final

from tradewind.contexts.payments._domain.payment import Status
from tradewind.contexts.payments._store import payments
from tradewind.contexts.payments.capture_payment.command import ask_for
from tradewind.contracts.payers import PayersPeer
from tradewind.contracts.shipping import ShipmentDispatched
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import subscriber

ONLY_HELD: Final = """
    SELECT order_id FROM payments.payments
    WHERE order_id = ANY($1::uuid[]) AND by_hand AND status = 'AUTHORIZED' AND to_capture_minor IS NULL
    ORDER BY order_id
"""


@subscriber
async def on_shipment_dispatched(events: Sequence[ShipmentDispatched], tx: Tx) -> None:
    """All of it, with the first parcel; somebody who asked for a part before has their way."""
    rows = await tx.all(ONLY_HELD, [event.order_id for event in events])
    undoing = await tx.peer(PayersPeer).hold(tx, [row["order_id"] for row in rows]) if rows else {}
    for order_id, payment in (await payments.lock(tx, undoing)).items():
        if undoing[order_id] or payment.to_capture is not None or payment.status is not Status.AUTHORIZED:
            continue
        await ask_for(tx, order_id, payment.amount.minor)
