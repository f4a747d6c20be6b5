"""The read model flash_sale_price_map (S0-58): which product has which price because a flash sale runs."""

from collections.abc import Sequence
from typing import Final, TypeAlias

from tradewind.contracts.pricing import FlashSaleEnded, FlashSaleStarted
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import projection

SHOW: Final = """
    INSERT INTO pricing.flash_sale_price_map (product_id, sale_id, sku, price_minor, currency, ends_at)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (product_id) DO UPDATE SET sale_id = excluded.sale_id, sku = excluded.sku, currency = excluded.currency,
        price_minor = excluded.price_minor, ends_at = excluded.ends_at
"""
HIDE: Final = "DELETE FROM pricing.flash_sale_price_map WHERE sale_id = $1"
SaleEvent: TypeAlias = FlashSaleStarted | FlashSaleEnded


@projection("pricing.flash_sale_price_map")
async def flash_sale_price_map(events: Sequence[SaleEvent], tx: Tx) -> None:
    """Of one product, the sale before has ended when the next starts: events come in the order of the log."""
    for event in events:
        if isinstance(event, FlashSaleEnded):
            await tx.run(HIDE, event.sale_id)
        elif event.price is not None and event.currency is not None:
            minor = Money.parse(event.price, event.currency).minor
            for product_id in event.product_ids:
                await tx.run(SHOW, product_id, event.sale_id, event.sku or "", minor, event.currency, event.ends_at)
