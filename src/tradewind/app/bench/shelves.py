"""What is bought while it is measured: products with prices, plenty of stock, and the same baskets for everybody."""

import asyncio
from collections.abc import Iterator, Sequence
from decimal import Decimal
from hashlib import blake2b
from typing import Final, TypeAlias

from tradewind.app.wiring import Shop
from tradewind.contexts.catalog.manifest import CreateProduct
from tradewind.contexts.inventory.manifest import AdjustStock
from tradewind.runtime.call import internal_call

SKUS: Final = tuple(f"BENCH-{number:04d}" for number in range(1000))
STOCK: Final = 1_000_000
AT_ONCE: Final = 16

Basket: TypeAlias = tuple[tuple[str, int], ...]
"""(SKU, quantity) of each line."""


async def fill(shop: Shop) -> None:
    """Sell every SKU of SKUS, with more in stock than any measurement takes."""
    call, left = internal_call("bench"), iter(SKUS)

    async def keep_filling() -> None:
        for sku in left:
            product = CreateProduct(sku=sku, name=sku, category="bench", amount=Decimal("19.99"), currency="EUR")
            await shop.dispatch(product, call)
            await shop.dispatch(AdjustStock(sku=sku, delta=STOCK, reason="bench"), call)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(keep_filling())


def baskets(skus: Sequence[str], count: int, seed: int) -> Iterator[Basket]:
    """`count` baskets of two different SKUs, one piece of each; of one SKU alone where there is but one."""
    for number in range(count):
        drawn = int.from_bytes(blake2b(b"%d/%d" % (seed, number), digest_size=8).digest())
        first, step = drawn % len(skus), drawn // len(skus)
        second = (first + 1 + step % (len(skus) - 1)) % len(skus) if len(skus) > 1 else first
        yield tuple((skus[index], 1) for index in {first, second})
