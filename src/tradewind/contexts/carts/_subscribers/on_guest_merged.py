"""A guest has logged in: the cart comes along."""

from tradewind.contexts.carts.merge_carts.merge import merge
from tradewind.contracts.identity import GuestMerged
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import subscriber


@subscriber
async def on_guest_merged(event: GuestMerged, tx: Tx) -> None:
    """Heard twice, it finds nothing to do."""
    await merge(tx, event.guest_id, event.user_id)
