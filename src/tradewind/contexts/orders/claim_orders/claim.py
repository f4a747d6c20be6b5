"""A guest's orders become a user's: only by an address that the user has proved, or by the guest's own token.

A typed address proves nothing, so nobody sees an order because they know, or claim to have, the address on it.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from tradewind.contracts.orders import OrderClaimed
from tradewind.runtime.database import Tx

OF_ADDRESS: Final = "SELECT id FROM orders.orders WHERE email_digest = $1 AND guest ORDER BY id FOR NO KEY UPDATE"
OF_GUEST: Final = "SELECT id FROM orders.orders WHERE user_id = $1 AND guest ORDER BY id FOR NO KEY UPDATE"
CLAIM: Final = "UPDATE orders.orders SET user_id = $2, guest = false WHERE id = ANY($1::uuid[])"


async def claim_by_address(tx: Tx, email_digest: str, user_id: str) -> None:
    """Every guest's order that was confirmed to this address becomes the user's. Idempotent."""
    _claim(tx, [row["id"] for row in await tx.all(OF_ADDRESS, email_digest)], user_id)


async def claim_by_guest(tx: Tx, guest_id: str, user_id: str) -> None:
    """Every order of this guest becomes the user's. Idempotent."""
    _claim(tx, [row["id"] for row in await tx.all(OF_GUEST, guest_id)], user_id)


def _claim(tx: Tx, order_ids: Sequence[UUID], user_id: str) -> None:
    if not order_ids:
        return
    tx.later(CLAIM, order_ids, user_id)
    for order_id in order_ids:
        tx.tell(OrderClaimed(order_id=order_id, user_id=user_id))
        tx.audit("orders.claim", str(order_id), user=user_id)
