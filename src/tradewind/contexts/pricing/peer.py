"""What other contexts may ask pricing."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from tradewind.contexts.pricing._store import flash_sales, prices, withheld
from tradewind.contexts.pricing.make_quote import quoting
from tradewind.contexts.pricing.redeem_coupons import redeeming as coupons
from tradewind.contexts.pricing.redeem_sales import redeeming as sales
from tradewind.contexts.pricing.set_price import many, succession
from tradewind.contracts.pricing import NewPrice, Price, Quote, QuoteRequest, Redemption
from tradewind.kernel.errors import Conflict
from tradewind.kernel.money import Money


class Pricing:
    """Answers to PricingPeer."""

    async def prices(self, tx: Any, skus: Sequence[str], product_ids: Sequence[UUID]) -> Mapping[str | UUID, Price]:
        """The prices that count now, by SKU and by product id; one question, however many."""
        return await prices.counting(tx, skus, product_ids)

    async def quote(self, tx: Any, request: QuoteRequest) -> Quote:
        """What it all costs, explained; two questions. Refuses UnfitQuote, and NoSuchPrice, naming the SKUs."""
        return await quoting.make_quote(tx, request)

    async def redeem(self, tx: Any, wanted: Sequence[Redemption]) -> Sequence[Conflict | None]:
        """Decide, in order of arrival, who gets what is limited: coupons first, then pieces of flash sales.

        All rows are locked in the order of their keys until the end of the transaction; nothing is written.
        """
        refused = await coupons.decide(tx, wanted)
        left = [at for at, refusal in enumerate(refused) if refusal is None]
        for at, refusal in zip(left, await sales.decide(tx, [wanted[at] for at in left]), strict=True):
            refused[at] = refusal
        return refused

    async def on_sale(self, tx: Any, order_id: UUID) -> frozenset[str]:
        """The SKUs of which the order has pieces of flash sales."""
        return await flash_sales.skus_of(tx, order_id)

    def redeemed(self, tx: Any, granted: Sequence[Redemption]) -> None:
        """Those became orders: count their coupons and sale pieces, with the transaction's last statement."""
        coupons.count(tx, granted)
        sales.count(tx, granted)

    async def set_price(
        self, tx: Any, product_id: UUID, sku: str, price: Money, *, reason: str, valid_from: datetime | None = None
    ) -> None:
        """Make `price` the one that counts from `valid_from` (now where None), and close the one before.

        Of one product only once in a transaction. Refuses with InvalidPrice and PriceOutOfOrder.
        """
        await succession.set_price(tx, product_id, sku, price, reason=reason, valid_from=valid_from)

    async def set_prices(self, tx: Any, wanted: Sequence[NewPrice], *, reason: str) -> frozenset[UUID]:
        """As `set_price` from now on, for many products at once; those whose price really changed."""
        return await many.set_prices(tx, wanted, reason=reason)

    async def offer(self, tx: Any, product_ids: Sequence[UUID]) -> None:
        """These are sold: `prices` knows them."""
        await withheld.offer(tx, product_ids)

    async def withhold(self, tx: Any, product_ids: Sequence[UUID]) -> None:
        """These are not sold until they are offered again: `prices` misses them."""
        await withheld.withhold(tx, product_ids)
