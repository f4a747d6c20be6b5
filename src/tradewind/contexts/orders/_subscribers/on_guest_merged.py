"""Who shopped as a guest has logged in: the guest's orders become the user's."""

from tradewind.contexts.orders.claim_orders.claim import claim_by_guest
from tradewind.contracts.identity import GuestMerged
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import subscriber


@subscriber
async def on_guest_merged(event: GuestMerged, tx: Tx) -> None:
    """The guest's token was shown at login, which proves as much as it did when the orders were placed."""
    await claim_by_guest(tx, event.guest_id, event.user_id)
