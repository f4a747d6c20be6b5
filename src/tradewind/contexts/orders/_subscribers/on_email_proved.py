"""An address is proved: what a guest ordered with it becomes the order of whoever proved it."""

from tradewind.contexts.orders.claim_orders.claim import claim_by_address
from tradewind.contracts.identity import EmailProved
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import subscriber


@subscriber
async def on_email_proved(event: EmailProved, tx: Tx) -> None:
    """Orders that somebody with an account owns already stay theirs."""
    await claim_by_address(tx, event.email_digest, event.user_id)
