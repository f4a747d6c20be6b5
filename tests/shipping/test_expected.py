"""What there will be to send is counted as orders come, by day and country, before anything is planned (S3-41)."""

from datetime import timedelta

import pytest

from tests.builders import a_product
from tests.shops import Shop, a_call, until
from tradewind.contexts.orders.manifest import OrderLine, PlaceOrder
from tradewind.contexts.shipping._domain.parcel import Size
from tradewind.contexts.shipping._store.expected import KEPT_DAYS
from tradewind.contexts.shipping._subscribers.on_order_placed import on_order_placed
from tradewind.contexts.shipping.list_expected.query import Expected, ListExpected
from tradewind.contexts.shipping.measure_product.command import MeasureProduct
from tradewind.contracts.orders import OrderedItem, OrderPlaced
from tradewind.kernel.clock import now
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money

STAFF, NOTHING = a_call("warehouse"), Money(0, "EUR").amount
SHIPMENTS = "SELECT count(*) FROM shipping.shipments"


async def expected(shop: Shop, days: int = KEPT_DAYS) -> tuple[Expected, ...]:
    found: tuple[Expected, ...] = (await shop.dispatch(ListExpected(days=days), STAFF)).items
    return found


async def order(shop: Shop, country: str | None, **goods: int) -> None:
    """Placed, and not paid."""
    items = tuple(OrderLine(sku=sku, qty=qty) for sku, qty in goods.items())
    address = {"country": country} if country else None
    await shop.dispatch(PlaceOrder(items=items, shipping_address=address), a_call())


async def test_only_who_sends_goods_sees_it(shop: Shop) -> None:
    with pytest.raises(Forbidden):
        await shop.dispatch(ListExpected(), a_call("customer"))


async def test_orders_are_counted_where_they_go_and_weighed_before_anything_is_planned(working_shop: Shop) -> None:
    for sku in ("LIGHT", "BULKY"):
        await a_product(working_shop, sku)
    await working_shop.dispatch(
        MeasureProduct(sku="LIGHT", size=Size(weight_g=200, length_mm=100, width_mm=100, height_mm=10)), STAFF
    )
    await working_shop.dispatch(
        MeasureProduct(sku="BULKY", size=Size(weight_g=900, length_mm=500, width_mm=400, height_mm=300)), STAFF
    )
    for country in ("DE", "DE", "FR", None):
        await order(working_shop, country, LIGHT=1, BULKY=1)
    await order(working_shop, "DE", LIGHT=2)

    async def all_of_them() -> bool:
        return sum(one.orders for one in await expected(working_shop)) == 5

    await until(working_shop, all_of_them)
    found = [(one.country, one.orders, one.pieces, one.weight_g) for one in await expected(working_shop)]
    assert found == [("DE", 3, 6, 24_800), ("FR", 1, 2, 12_200), ("ZZ", 1, 2, 12_200)], "12 kg for 60 litres"
    assert await working_shop.db.pool.fetchval(SHIPMENTS) == 0, "nobody has paid"


async def test_each_order_counts_on_its_own_day_however_late_it_is_heard(shop: Shop) -> None:
    today = now()
    for days in (0, 6, 7, KEPT_DAYS, 0):
        at = today - timedelta(days=days)
        goods = OrderedItem(new_id(), "UNMEASURED", 2, Money(100, "EUR").amount)
        one = OrderPlaced(new_id(), "somebody", NOTHING, "EUR", (goods,), NOTHING, NOTHING, NOTHING, at)
        async with shop.db.transaction(a_call("system")) as tx:
            await on_order_placed.react([one], tx)
    seen = [((today.date() - one.day).days, one.orders, one.pieces, one.weight_g) for one in await expected(shop)]
    assert seen == [(0, 2, 4, 2_000), (6, 1, 2, 1_000), (7, 1, 2, 1_000)]
    assert [one.orders for one in await expected(shop, days=7)] == [2, 1]
