"""Keeps count of a customer's coupons when a guest turns out to be one."""

from tradewind.contexts.pricing._store import flash_sales, redemptions
from tradewind.contracts.identity import GuestMerged
from tradewind.contracts.orders import OrderClaimed
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import subscriber


@subscriber
async def on_buyer_known(event: GuestMerged | OrderClaimed, tx: Tx) -> None:
    """What was used as a guest counts towards the limits of the customer."""
    if isinstance(event, GuestMerged):
        await tx.run(redemptions.MERGE, event.guest_id, event.user_id)
        await tx.run(flash_sales.MERGE, event.guest_id, event.user_id)
    else:
        await tx.run(redemptions.CLAIM, event.order_id, event.user_id)
        await tx.run(flash_sales.OWN, event.order_id, event.user_id)
