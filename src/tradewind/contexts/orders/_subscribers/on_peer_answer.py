"""What goods, money and carriage tell wakes an order's saga, should it be waiting for that (S3-44 to S3-47, S1-97)."""

from collections.abc import Sequence
from typing import TypeAlias

from tradewind.contexts.orders.payers import PAYING
from tradewind.contracts.inventory import BackorderAllotted, InventoryReserved
from tradewind.contracts.payments import PaymentAuthorized, PaymentCaptured, PaymentFailed
from tradewind.contracts.shipping import ShipmentCreated
from tradewind.runtime.database import Tx
from tradewind.runtime.saga import signals
from tradewind.runtime.subscriptions import subscriber

PeerAnswer: TypeAlias = (
    InventoryReserved | BackorderAllotted | PaymentAuthorized | PaymentCaptured | PaymentFailed | ShipmentCreated
)


@subscriber
async def on_peer_answer(events: Sequence[PeerAnswer], tx: Tx) -> None:
    """Where the saga's own command brought the answer (D7), nothing waits and nothing changes."""
    await signals.wake_waiting(tx, PAYING, [event.order_id for event in events])
