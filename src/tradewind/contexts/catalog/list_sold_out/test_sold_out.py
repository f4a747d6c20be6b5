"""What is sold out, and since when, as inventory tells it (S3-29)."""

from datetime import timedelta
from typing import Any

import pytest

from tests.builders import a_delivery, a_product, an_ended_order
from tests.shops import Shop, a_call, until
from tradewind.contexts.catalog._projections.sold_out import sold_out
from tradewind.contexts.catalog.list_sold_out.query import ListSoldOut, SoldOutPage
from tradewind.contracts.inventory import OutOfStock
from tradewind.kernel.clock import now
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.ids import new_id
from tradewind.runtime.subscriptions import Told

STAFF = a_call("merchandiser")
SINCE = "SELECT since FROM catalog.sold_out WHERE sku = $1"


async def gone(shop: Shop, **said: Any) -> SoldOutPage:
    found: SoldOutPage = await shop.dispatch(ListSoldOut(**said), STAFF)
    return found


async def skus(shop: Shop) -> list[str]:
    return [one.sku for one in (await gone(shop)).items]


async def come_to(shop: Shop, *wanted: str) -> None:
    async def there() -> bool:
        return await skus(shop) == list(wanted)

    await until(shop, there)


async def test_shoppers_do_not_see_it(shop: Shop) -> None:
    with pytest.raises(Forbidden):
        await shop.dispatch(ListSoldOut(), a_call("customer"))


async def test_it_is_what_nobody_can_have_the_longest_first_until_something_comes(working_shop: Shop) -> None:
    for sku in ("ONE", "TWO", "LEFT"):
        await a_product(working_shop, sku, stock=2)
    await an_ended_order(working_shop, "TWO", qty=2)
    await come_to(working_shop, "TWO")
    await an_ended_order(working_shop, "ONE", qty=2)
    await an_ended_order(working_shop, "LEFT", qty=1)
    await come_to(working_shop, "TWO", "ONE")
    first = await gone(working_shop, limit=1)
    second = await gone(working_shop, limit=1, cursor=first.next)
    assert [one.sku for one in (*first.items, *second.items)] == ["TWO", "ONE"]
    assert (second.next, first.items[0].since < second.items[0].since) == (None, True)
    await a_delivery(working_shop, "TWO", 1)
    await come_to(working_shop, "ONE")
    await an_ended_order(working_shop, "TWO", qty=1)
    await come_to(working_shop, "ONE", "TWO")


async def test_of_what_is_heard_late_or_twice_the_last_word_counts(shop: Shop) -> None:
    at = now()

    def told(second: int) -> Any:
        event = OutOfStock(product_id=new_id(), sku="GONE")
        return Told(event, new_id(), at + timedelta(seconds=second), 0)  # as from another log

    for heard in ([told(2), told(1)], [told(1)], [told(2)]):
        async with shop.db.transaction(a_call("system")) as tx:
            await sold_out.react(heard, tx)
        assert await shop.db.pool.fetchval(SINCE, "GONE") == at + timedelta(seconds=2)
