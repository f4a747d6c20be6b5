"""What orders tells payments of an order's goods."""

from uuid import UUID

from tradewind.contexts.orders._store import orders
from tradewind.contracts.orders import Bought
from tradewind.runtime.database import Tx


class Goods:
    """Answers to contracts.orders.BoughtPeer."""

    async def bought(self, tx: Tx, order_id: UUID) -> Bought:
        """The order's goods; refuses with NoSuchOrder."""
        order = await orders.read(tx, order_id)
        pieces: dict[str, int] = {}
        cost: dict[str, int] = {}
        for line in order.lines:
            pieces[line.sku] = pieces.get(line.sku, 0) + line.quantity
            cost[line.sku] = cost.get(line.sku, 0) + line.unit_price.minor * line.quantity
        paid = order.items_total.minor + order.tax.minor - order.discount.minor
        return Bought(pieces=pieces, cost_minor=cost, paid_minor=max(0, paid))
