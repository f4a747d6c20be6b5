"""What payments asks of orders within its transactions, where that has another database: answered by what was heard."""

from typing import Any
from uuid import UUID

from tradewind.contracts.orders import HeardPeer, Sold


class BoughtByEvents:
    """Answers to SoldPeer in payments' own process."""

    async def sold(self, tx: Any, order_id: UUID) -> Sold | None:
        """By the events of the order; None before they were heard, or while one is known to be missing."""
        sold: Sold | None = await tx.peer(HeardPeer).sold(tx, order_id)
        return sold
