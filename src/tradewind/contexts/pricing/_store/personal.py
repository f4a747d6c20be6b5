"""What pricing holds of people: which coupons and pieces of flash sales a customer had with which orders."""

from collections.abc import Mapping
from typing import Any

from tradewind.contexts.pricing._store import flash_sales
from tradewind.contexts.pricing._store.redemptions import FORGET, OF_CUSTOMER
from tradewind.contracts.privacy import Person


class UsedCoupons:
    """Answers to contracts.privacy.PersonalData."""

    async def export(self, tx: Any, person: Person) -> Mapping[str, Any]:
        """Every use of a coupon and every piece of a flash sale, in the order of time."""
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
        pieces = [
            {
                "orderId": str(row["order_id"]),
                "sku": row["sku"],
                "pieces": row["pieces"],
                "redeemedAt": row["redeemed_at"].isoformat(),
                "returnedAt": row["returned_at"].isoformat() if row["returned_at"] else None,
            }
            for row in await tx.all(flash_sales.OF_CUSTOMER, person.user_id)
        ]
        return {name: rows for name, rows in (("coupons", uses), ("flashSales", pieces)) if rows}

    async def erase(self, tx: Any, person: Person) -> None:
        """The uses stay, so that limits stay true; whose they were is forgotten."""
        await tx.run(FORGET, person.user_id)
        await tx.run(flash_sales.FORGET, person.user_id)
