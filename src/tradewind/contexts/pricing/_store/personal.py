"""What pricing holds of people: which coupons a customer used with which orders."""

from collections.abc import Mapping
from typing import Any

from tradewind.contexts.pricing._store.redemptions import FORGET, OF_CUSTOMER
from tradewind.contracts.privacy import Person


class UsedCoupons:
    """Answers to contracts.privacy.PersonalData."""

    async def export(self, tx: Any, person: Person) -> Mapping[str, Any]:
        """Every use of a coupon, in the order of time."""
        rows = await tx.all(OF_CUSTOMER, person.user_id)
        uses = [
            {
                "orderId": str(row["order_id"]),
                "code": row["code"],
                "promotion": row["promotion"],
                "redeemedAt": row["redeemed_at"].isoformat(),
                "returnedAt": row["returned_at"].isoformat() if row["returned_at"] else None,
            }
            for row in rows
        ]
        return {"coupons": uses} if uses else {}

    async def erase(self, tx: Any, person: Person) -> None:
        """The uses stay, so that limits stay true; whose they were is forgotten."""
        await tx.run(FORGET, person.user_id)
