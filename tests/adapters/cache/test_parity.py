"""The same events, the same answers: what is read through Redis, through memory and past every cache is one."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from prometheus_client import REGISTRY

from tests.builders import a_delivery, a_product
from tests.engines import address
from tests.shops import Shop, a_call, open_shop, until, working
from tradewind.contexts.catalog.get_product.kept import ShowProduct
from tradewind.contexts.catalog.update_product.command import UpdateProduct
from tradewind.contexts.inventory.query_stock.kept import ShowStock
from tradewind.contexts.inventory.query_stock.numbers import ShowStockNumbers
from tradewind.contexts.orders.get_order_status.kept import GetOrderStatus
from tradewind.contexts.orders.place_order.command import OrderLine, PlaceOrder
from tradewind.contexts.pricing.end_flash_sale.command import EndFlashSale
from tradewind.contexts.pricing.get_flash_price.kept import ShowFlashPrice
from tradewind.contexts.pricing.set_price.command import SetPrice
from tradewind.contexts.pricing.start_flash_sale.command import StartFlashSale
from tradewind.kernel.clock import now
from tradewind.kernel.errors import NotFound
from tradewind.runtime.call import Call

pytestmark = pytest.mark.engine("redis")
RUNS = "SELECT count(*) FROM pricing.flash_sale WHERE state = 'RUNNING'"


class Readers:
    """Processes of one shop: two that share by Redis, one with a memory of its own, one that asks the source."""

    def __init__(self, shops: list[Shop], source: Shop, buyer: Call) -> None:
        self.shops, self.source, self.buyer = shops, source, buyer
        self.questions: list[Any] = []

    async def agree(self) -> None:
        """Every question has one answer everywhere, again and again, also once it is kept."""
        for shop in self.shops:
            await shop.tail.caught_up()
        await until(self.source, self._one_answer_each)

    async def _one_answer_each(self) -> bool:
        for question in self.questions:
            first = await self._answer(self.source, question)
            told = [await self._answer(shop, question) for shop in self.shops for _ in range(2)]
            if told != [first] * len(told) or await self._answer(self.source, question) != first:
                return False
        return True

    async def _answer(self, shop: Shop, question: Any) -> bytes:
        try:
            content: bytes = (await shop.dispatch(question, self.buyer)).content
        except NotFound as refusal:
            return type(refusal).__name__.encode()
        return content


@pytest_asyncio.fixture
async def readers(shop: Shop) -> AsyncIterator[Readers]:
    by_redis = replace(shop.settings, redis_url=address("REDIS_URL"))
    alone = replace(shop.settings, redis_url=None)
    async with AsyncExitStack() as stack:
        shops = [
            await stack.enter_async_context(open_shop(each, shop.engines, connections=4))
            for each in (by_redis, by_redis, alone)
        ]
        source = await stack.enter_async_context(open_shop(alone, shop.engines, connections=4, listens=False))
        await stack.enter_async_context(working(shops[0]))
        yield Readers(shops, source, a_call())


async def an_order(readers: Readers) -> UUID:
    command = PlaceOrder(
        items=(OrderLine(sku="LAMP", qty=2),), payment_method="simulated:approve", shipping_address={"country": "DE"}
    )
    order_id: UUID = (await readers.shops[1].dispatch(command, readers.buyer)).id
    return order_id


async def test_answers_are_equal_with_and_without_redis_for_the_same_events(readers: Readers) -> None:
    shop = readers.shops[1]
    merchandiser = a_call("admin")
    await a_product(shop, "LAMP", stock=50)
    found: Any = await shop.dispatch(ShowStock(sku="LAMP"), readers.buyer)
    product_id: UUID = await shop.db.pool.fetchval("SELECT id FROM catalog.products WHERE sku = 'LAMP'")
    assert found.content
    readers.questions = [
        ShowProduct(product_id=product_id),
        ShowStock(sku="LAMP"),
        ShowStockNumbers(product_id=product_id),
        ShowFlashPrice(product_id=product_id),
    ]
    sale_plan = StartFlashSale(
        sku="LAMP", price=Decimal(5), quantity=5, per_buyer=2, ends_at=now() + timedelta(hours=1)
    )

    async def begin_sale() -> None:
        sale = await shop.dispatch(sale_plan, merchandiser)
        await until(shop, lambda: shop.db.pool.fetchval(RUNS))
        ends.append(sale.id)

    async def order() -> None:
        readers.questions.append(GetOrderStatus(order_id=await an_order(readers)))

    ends: list[UUID] = []
    steps: list[Callable[[], Awaitable[Any]]] = [
        lambda: shop.dispatch(
            SetPrice(product_id=product_id, amount=Decimal(7), currency="EUR", reason="x"), merchandiser
        ),
        lambda: a_delivery(shop, "LAMP", 3),
        order,
        begin_sale,
        lambda: shop.dispatch(UpdateProduct(product_id=product_id, name="A lamp"), merchandiser),
        order,
        lambda: shop.dispatch(EndFlashSale(sale_id=ends[0]), merchandiser),
        lambda: a_delivery(shop, "LAMP", -1),
    ]
    await readers.agree()
    for step in steps:
        await step()
        await readers.agree()
    hits = REGISTRY.get_sample_value("cache_reads_total", {"policy": "product", "outcome": "hit"})
    assert hits, "caches were asked"
