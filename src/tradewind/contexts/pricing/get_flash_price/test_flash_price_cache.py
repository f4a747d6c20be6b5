"""The cached price of a flash sale: there as soon as the sale starts, gone as soon as it ends, else not asked for."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest

from tests.builders import a_product
from tests.shops import Shop, a_call, open_shop, until
from tradewind.contexts.pricing._domain.flash_sale import NoSuchFlashSale
from tradewind.contexts.pricing.end_flash_sale.command import EndFlashSale
from tradewind.contexts.pricing.get_flash_price.kept import KEY, ShowFlashPrice
from tradewind.contexts.pricing.start_flash_sale.command import StartFlashSale
from tradewind.kernel.clock import now
from tradewind.ports.cache import Cache
from tradewind.runtime.keeping import Encoded

RUNS = "SELECT count(*) FROM pricing.flash_sale WHERE state = 'RUNNING'"


async def kept(shop: Shop, product_id: UUID) -> bytes | None:
    cache: Any = shop.db.peers[Cache]
    found: bytes | None = await cache.get(KEY.format(product_id))
    return found


async def shown(shop: Shop, product_id: UUID) -> dict[str, Any]:
    body: Encoded = await shop.dispatch(ShowFlashPrice(product_id=product_id), a_call("anonymous"))
    found: dict[str, Any] = msgspec.json.decode(body.content)
    return found


async def a_running_sale(shop: Shop) -> Any:
    await a_product(shop, "LAMP")
    plan = StartFlashSale(sku="LAMP", price=Decimal(5), quantity=5, per_buyer=1, ends_at=now() + timedelta(hours=1))
    sale = await shop.dispatch(plan, a_call("merchandiser"))
    await until(shop, lambda: shop.db.pool.fetchval(RUNS))
    return sale


async def test_a_product_without_a_running_sale_has_no_flash_price_and_nothing_is_kept(working_shop: Shop) -> None:
    sale = await a_running_sale(working_shop)
    await until(working_shop, lambda: kept(working_shop, sale.product_id))
    await working_shop.dispatch(EndFlashSale(sale_id=sale.id), a_call("merchandiser"))
    await working_shop.tail.caught_up()
    with pytest.raises(NoSuchFlashSale):
        await shown(working_shop, sale.product_id)
    assert await kept(working_shop, sale.product_id) is None


async def test_the_event_that_starts_a_sale_puts_its_price_there_and_nobody_asks_the_database(
    working_shop: Shop,
) -> None:
    sale = await a_running_sale(working_shop)
    await until(working_shop, lambda: kept(working_shop, sale.product_id))
    await working_shop.db.pool.execute("UPDATE pricing.flash_sale SET price_minor = 1")
    found = await shown(working_shop, sale.product_id)
    assert (found["price"], found["saleId"], found["sku"]) == (5, str(sale.id), "LAMP")


async def test_a_process_that_started_later_asks_and_keeps_the_answer(working_shop: Shop) -> None:
    sale = await a_running_sale(working_shop)
    alone = replace(working_shop.settings, redis_url=None)
    async with open_shop(alone, working_shop.engines, connections=4) as later:
        assert await kept(later, sale.product_id) is None

        async def look() -> bytes | None:
            assert (await shown(later, sale.product_id))["price"] == 5
            return await kept(later, sale.product_id)

        assert await until(later, look)
