"""Adjusting stock: refusals, races, and what is booked."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from tests.shops import a_call, until, working
from tradewind.contexts.inventory._domain.stock import BelowReserved, InvalidAdjustment, NoSuchStock
from tradewind.contexts.inventory.adjust_stock.command import AdjustStock
from tradewind.contexts.inventory.conftest import Store, wants
from tradewind.contexts.inventory.query_stock.query import QueryStock, ShelfView, StockView
from tradewind.contracts.catalog import ProductCreated
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.ids import new_id

ADD_PRODUCT = (
    "INSERT INTO catalog.products (id, sku, name, category, price_minor, currency) VALUES ($1, $2, 'x', 'x', 1, 'GBP')"
)


def an_adjustment(**different: Any) -> AdjustStock:
    return AdjustStock(**{"sku": "A", "delta": 5, "reason": "delivery", **different})


def in_main(on_hand: int) -> ShelfView:
    return ShelfView(warehouse="MAIN", on_hand=on_hand, reserved=0, available=on_hand)


async def written(shop: Any) -> tuple[int, ...]:
    return tuple(
        await shop.db.pool.fetchrow(
            "SELECT (SELECT count(*) FROM inventory.inventory_adjustment), (SELECT count(*) FROM runtime.outbox), "
            "(SELECT count(*) FROM runtime.audit_entry)"
        )
    )


async def test_a_customer_adjusts_nothing(store: Store) -> None:
    await store.fill(A=1)
    with pytest.raises(Forbidden):
        await store.shop.dispatch(an_adjustment(), a_call("customer"))
    assert await written(store.shop) == (1, 0, 0)


@pytest.mark.parametrize("different", [{"delta": 0}, {"delta": 10**9}, {"reason": ""}, {"sku": "no sku"}])
async def test_an_adjustment_that_breaks_a_rule_is_not_booked(store: Store, different: dict[str, Any]) -> None:
    await store.fill(A=1)
    with pytest.raises(InvalidAdjustment):
        await store.shop.dispatch(an_adjustment(**different), a_call("warehouse"))
    assert await written(store.shop) == (1, 0, 0)


async def test_a_sku_that_no_product_carries_has_no_stock(store: Store) -> None:
    with pytest.raises(NoSuchStock) as refused:
        await store.shop.dispatch(an_adjustment(sku="NOBODY"), a_call("warehouse"))
    assert refused.value.facts == {"sku": "NOBODY"}
    with pytest.raises(NoSuchStock):
        await store.shop.dispatch(QueryStock(sku="NOBODY"), a_call("anonymous"))
    assert await written(store.shop) == (0, 0, 0)


async def test_what_is_promised_cannot_be_adjusted_away(store: Store) -> None:
    await store.fill(A=9)
    await store.reserve(wants(A=7))
    before = await written(store.shop)
    with pytest.raises(BelowReserved):
        await store.shop.dispatch(an_adjustment(delta=-3), a_call("warehouse"))
    assert await written(store.shop) == before
    assert await store.stock() == {"A": (9, 7)}


async def test_adjustments_at_once_are_all_booked_and_none_goes_below_what_is_promised(store: Store) -> None:
    await store.fill(A=10)
    tries = [store.shop.dispatch(an_adjustment(delta=-1), a_call("warehouse")) for _ in range(12)]
    answers = await asyncio.gather(*tries, store.reserve(wants(A=4)), return_exceptions=True)
    assert not [a for a in answers if isinstance(a, BaseException) and not isinstance(a, BelowReserved)]
    booked = sum(isinstance(answer, StockView) for answer in answers)
    ((on_hand, reserved),) = (await store.stock()).values()
    assert (on_hand, booked) == ((4, 6) if reserved else (0, 10))


async def test_the_first_adjustment_opens_the_stock_of_a_product(store: Store) -> None:
    product_id = new_id()
    await store.shop.db.pool.execute(ADD_PRODUCT, product_id, "NEW")
    tries = [store.shop.dispatch(an_adjustment(sku="NEW"), a_call("warehouse")) for _ in range(4)]
    await asyncio.gather(*tries)
    seen = await store.shop.dispatch(QueryStock(sku="NEW"), a_call("anonymous"))
    assert seen == StockView(
        sku="NEW", product_id=product_id, on_hand=20, reserved=0, available=20, warehouses=(in_main(20),), orderable=20
    )


async def test_an_adjustment_with_a_reference_is_booked_once(store: Store) -> None:
    await store.fill(A=0)
    first = await store.shop.dispatch(an_adjustment(reference="week/A"), a_call("warehouse"))
    again = await store.shop.dispatch(an_adjustment(reference="week/A"), a_call("warehouse"))
    assert first == again
    assert await store.stock() == {"A": (5, 0)}


async def test_an_adjustment_is_booked_told_and_audited(store: Store) -> None:
    await store.fill(A=9)
    answer = await store.shop.dispatch(an_adjustment(delta=-9), a_call("warehouse", subject="wanda"))
    assert answer == StockView(
        sku="A", product_id=answer.product_id, on_hand=0, reserved=0, available=0, warehouses=(in_main(0),), orderable=0
    )
    key = str(answer.product_id)
    assert await store.told() == [("stock.adjusted", key), ("stock.low", key), ("stock.depleted", key)]
    entry = await store.shop.db.pool.fetchrow("SELECT actor, action, subject FROM runtime.audit_entry")
    assert tuple(entry) == ("wanda", "inventory.adjust_stock", "A")


async def test_a_new_product_has_an_empty_stock_soon(store: Store) -> None:
    event = ProductCreated(product_id=new_id(), sku="NEW", name="x", category="x")
    async with store.shop.db.transaction(a_call("system")) as tx:
        tx.tell(event)

    async def opened() -> bool:
        return (await store.stock()).get("NEW") == (0, 0)

    async with working(store.shop):
        assert await until(store.shop, opened)
    assert Decimal(await store.shop.db.pool.fetchval("SELECT count(*) FROM inventory.inventory_stock")) == 1
