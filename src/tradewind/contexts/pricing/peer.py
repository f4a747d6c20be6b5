"""What other contexts may ask pricing."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from tradewind.contexts.pricing._store import prices, withheld
from tradewind.contexts.pricing.set_price import many, succession
from tradewind.contracts.pricing import NewPrice, Price
from tradewind.kernel.money import Money


class Pricing:
    """Answers to PricingPeer."""

    async def prices(self, tx: Any, skus: Sequence[str], product_ids: Sequence[UUID]) -> Mapping[str | UUID, Price]:
        """The prices that count now, by SKU and by product id; one question, however many."""
        return await prices.counting(tx, skus, product_ids)

    async def set_price(
        self, tx: Any, product_id: UUID, sku: str, price: Money, *, reason: str, valid_from: datetime | None = None
    ) -> None:
        """Make `price` the one that counts from `valid_from` (now where None), and close the one before.

        Of one product only once in a transaction. Refuses with InvalidPrice and PriceOutOfOrder.
        """
        await succession.set_price(tx, product_id, sku, price, reason=reason, valid_from=valid_from)

    async def set_prices(self, tx: Any, wanted: Sequence[NewPrice], *, reason: str) -> int:
        """As `set_price` from now on, for many products at once; how many prices really changed."""
        return await many.set_prices(tx, wanted, reason=reason)

    async def offer(self, tx: Any, product_ids: Sequence[UUID]) -> None:
        """These are sold: `prices` knows them."""
        await withheld.offer(tx, product_ids)

    async def withhold(self, tx: Any, product_ids: Sequence[UUID]) -> None:
        """These are not sold until they are offered again: `prices` misses them."""
        await withheld.withhold(tx, product_ids)
