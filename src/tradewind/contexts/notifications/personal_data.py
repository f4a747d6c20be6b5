"""What notifications hold of a person: what was written to them and when, and the device that they named."""

from collections.abc import Mapping
from typing import Any, Final

from tradewind.contexts.notifications._store.documents import of_row, view
from tradewind.contexts.notifications.register_device.command import FORGET as FORGET_DEVICE
from tradewind.contracts.privacy import OrdersOfPeer, Person, Pseudonyms
from tradewind.runtime.database import Tx

ALL: Final = """
    SELECT * FROM notifications.message WHERE user_id = $1 OR order_id = ANY($2::uuid[]) ORDER BY owed_at, id
"""
DEVICE: Final = "SELECT token FROM notifications.device WHERE user_id = $1"
NOTE: Final = """
    INSERT INTO notifications.to_forget (user_id, as_id)
    SELECT DISTINCT $1, user_id FROM notifications.message WHERE user_id = $1 OR order_id = ANY($2::uuid[])
    ON CONFLICT DO NOTHING
"""
FORGET: Final = "DELETE FROM notifications.message WHERE user_id = $1 OR order_id = ANY($2::uuid[])"
FORGET_BOUNCES: Final = "DELETE FROM notifications.bounced WHERE address = ANY($1::text[])"


class MessageData:
    """Answers to PersonalData. Orders is asked whose orders there are, so notifications forgets before orders does."""

    async def export(self, tx: Tx, person: Person) -> Mapping[str, Any]:
        """Messages, as staff sees them, and the device."""
        orders = await tx.peer(OrdersOfPeer).order_ids(tx, person)
        found = [view(of_row(row)) for row in await tx.all(ALL, person.user_id, orders)]
        device = await tx.value(DEVICE, person.user_id)
        return ({"messages": found} if found else {}) | ({"device": device} if device else {})

    async def erase(self, tx: Tx, person: Person) -> None:
        """Nothing of it is part of the books. What the shop's own mailboxes hold follows the commit."""
        orders = await tx.peer(OrdersOfPeer).order_ids(tx, person)
        await tx.run(NOTE, person.user_id, orders)
        await tx.run(FORGET, person.user_id, orders)
        await tx.run(FORGET_DEVICE, person.user_id)
        await tx.run(FORGET_BOUNCES, [tx.peer(Pseudonyms).of(email) for email in person.emails])
