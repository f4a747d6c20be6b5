"""What other contexts may ask orders."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from tradewind.contexts.orders._domain.order import Status
from tradewind.contexts.orders._store import orders
from tradewind.contexts.orders.place_replacement import credit
from tradewind.contexts.orders.place_replacement.place import place
from tradewind.contracts.orders import Bought, BoughtLine, Buyer, Replacement, Sold, ToShip
from tradewind.kernel.errors import Refusal
from tradewind.kernel.money import Money

BUYERS: Final = "SELECT id, user_id, email FROM orders.orders WHERE id = ANY($1::uuid[])"
COUNTRIES: Final = """
    SELECT id, shipping_address ->> 'country' AS country FROM orders.orders
    WHERE id = ANY($1::uuid[]) AND shipping_address ->> 'country' IS NOT NULL
"""
FULFILLED_AT: Final = """
    SELECT at FROM orders.order_status_history WHERE order_id = $1 AND status = 'FULFILLED' ORDER BY version LIMIT 1
"""


class Orders:
    """Answers to OrdersPeer and to SoldPeer."""

    async def sold(self, tx: Any, order_id: UUID) -> Sold | None:
        """The order as it is; None where there is none."""
        return await self.bought(tx, order_id)

    async def replace(self, tx: Any, replacement: Replacement) -> Money | Refusal:
        """Place an order in exchange for what came back: what it comes to, or why it cannot be."""
        return await place(tx, replacement)

    async def awaiting_credit(self, tx: Any, order_ids: Sequence[UUID]) -> Mapping[UUID, Money]:
        """Those of these replacements that wait and are not called off, held: what they come to."""
        return await credit.awaiting(tx, order_ids)

    async def credited(self, tx: Any, replaced: Mapping[UUID, UUID]) -> None:
        """These wait no more."""
        await credit.credited(tx, replaced)

    async def to_ship(self, tx: Any, order_ids: Sequence[UUID]) -> Mapping[UUID, ToShip]:
        """Those that are CONFIRMED or PAID, held."""
        found = await orders.lock(tx, order_ids)
        return {
            one.id: ToShip(address=one.shipping_address or {}, paid=one.status is Status.PAID)
            for one in found.values()
            if one.status in (Status.CONFIRMED, Status.PAID)
        }

    async def countries(self, tx: Any, order_ids: Sequence[UUID]) -> Mapping[UUID, str]:
        """By what their addresses say now."""
        return {row["id"]: row["country"] for row in await tx.all(COUNTRIES, list(order_ids))}

    async def bought(self, tx: Any, order_id: UUID, *, hold: bool = False) -> Bought | None:
        """The order, None where there is none; held on request."""
        try:
            order = await (orders.lock_one if hold else orders.read)(tx, order_id)
        except orders.NoSuchOrder:
            return None
        fulfilled = order.status is Status.FULFILLED
        return Bought(
            order_id=order.id,
            user_id=order.user_id,
            status=order.status.value,
            lines=tuple(
                BoughtLine(sku=one.sku, product_id=one.product_id, quantity=one.quantity, unit_price=one.unit_price)
                for one in order.lines
                if one.kind == "goods"
            ),
            items=order.items_total,
            tax=order.tax,
            discount=order.discount,
            fulfilled_at=await tx.value(FULFILLED_AT, order_id) if fulfilled else None,
        )


class Buyers:
    """Answers to BuyersPeer."""

    async def buyers(self, tx: Any, order_ids: Sequence[UUID]) -> Mapping[UUID, Buyer]:
        """Whose each order is now, with the address that was given for it."""
        rows = await tx.all(BUYERS, list(order_ids))
        return {row["id"]: Buyer(user_id=row["user_id"], email=row["email"]) for row in rows}
