"""What other contexts may ask orders."""

from typing import Any, Final
from uuid import UUID

from tradewind.contexts.orders._domain.order import Status
from tradewind.contexts.orders._store import orders
from tradewind.contracts.orders import Bought, BoughtLine

FULFILLED_AT: Final = """
    SELECT at FROM orders.order_status_history WHERE order_id = $1 AND status = 'FULFILLED' ORDER BY version LIMIT 1
"""


class Orders:
    """Answers to OrdersPeer."""

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
