"""Payments in another database tells that something may have come of what an order's or an edit's saga has asked."""

from collections.abc import Sequence

from tradewind.contexts.orders.payers import PAYING
from tradewind.contracts.payers import PayerHinted
from tradewind.runtime.database import Tx
from tradewind.runtime.saga import signals
from tradewind.runtime.subscriptions import subscriber


@subscriber
async def on_payer_hinted(events: Sequence[PayerHinted], tx: Tx) -> None:
    """Also one that is just asking: its answer may have been given before that happened. What is over stays so."""
    await signals.hint(tx, PAYING, [event.payer_id for event in events])
    tx.ring()
