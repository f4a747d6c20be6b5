"""What others may ask orders of who bought something."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from tradewind.contracts.orders import Buyer

BUYERS: Final = "SELECT id, user_id, email FROM orders.orders WHERE id = ANY($1::uuid[])"


class Buyers:
    """Answers to BuyersPeer."""

    async def buyers(self, tx: Any, order_ids: Sequence[UUID]) -> Mapping[UUID, Buyer]:
        """Whose each order is now, with the address that was given for it."""
        rows = await tx.all(BUYERS, list(order_ids))
        return {row["id"]: Buyer(user_id=row["user_id"], email=row["email"]) for row in rows}
