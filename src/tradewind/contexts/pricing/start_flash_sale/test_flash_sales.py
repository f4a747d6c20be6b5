"""Flash sales from plan to end: what is refused, who gets pieces when many ask at once, and when prices change."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tests.builders import a_product
from tests.shops import Shop, a_call, until
from tradewind.contexts.pricing._domain.flash_sale import FlashSaleOverlaps, InvalidFlashSale, NoSuchFlashSale
from tradewind.contexts.pricing._domain.flash_sale_view import FlashSaleView
from tradewind.contexts.pricing._domain.price import NoSuchPrice
from tradewind.contexts.pricing.end_flash_sale.command import EndFlashSale
from tradewind.contexts.pricing.keep_flash_sales.timer import keep_flash_sales
from tradewind.contexts.pricing.list_flash_sales.query import GetFlashSale, ListFlashSales
from tradewind.contexts.pricing.start_flash_sale.command import StartFlashSale
from tradewind.contracts.orders import OrderCancelled, OrderFailed, OrderLine, OrderView, PlaceOrder
from tradewind.contracts.pricing import FlashSaleLimit, FlashSaleSoldOut, PricingPeer
from tradewind.kernel.clock import now
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.ids import new_id
from tradewind.kernel.lifecycle import IllegalMove
from tradewind.runtime import failpoints
from tradewind.runtime.call import internal_call

MERCHANT = a_call("merchandiser")
TOLD = "SELECT type FROM runtime.outbox WHERE type LIKE 'ecommerce.pricing.flash_sale.%' ORDER BY position"
SOLD = """
    SELECT (SELECT coalesce(sum(pieces), 0)::int FROM pricing.flash_sale_redemption WHERE returned_at IS NULL),
           (SELECT coalesce(sum(sold), 0)::int FROM pricing.flash_sale)
"""


def a_sale(**different: Any) -> StartFlashSale:
    usual: dict[str, Any] = {"sku": "LAMP", "price": Decimal(5), "quantity": 10, "per_buyer": 2,
                             "ends_at": now() + timedelta(hours=1)}  # fmt: skip
    return StartFlashSale(**{**usual, **different})


def an_order(qty: int = 1, sku: str = "LAMP") -> PlaceOrder:
    return PlaceOrder(items=(OrderLine(sku=sku, qty=qty),), payment_method="simulated:approve")


async def a_running_sale(shop: Shop, **different: Any) -> FlashSaleView:
    planned: FlashSaleView = await shop.dispatch(a_sale(**different), MERCHANT)
    await tick(shop)
    return planned


async def tick(shop: Shop) -> int:
    """What the timer does, once."""
    async with shop.db.transaction(internal_call("tick")) as tx:
        return await keep_flash_sales(tx)


async def told(shop: Shop) -> list[str]:
    prefix = "ecommerce.pricing.flash_sale."
    return [row["type"].removeprefix(prefix).removesuffix(".v1") for row in await shop.db.pool.fetch(TOLD)]


async def written(shop: Shop) -> tuple[int, ...]:
    tables = ("pricing.flash_sale", "pricing.flash_sale_redemption", "runtime.outbox", "runtime.audit_entry")
    return tuple([await shop.db.pool.fetchval("SELECT count(*) FROM " + table) for table in tables])


async def state(shop: Shop, sale_id: UUID) -> tuple[str, int]:
    seen: FlashSaleView = await shop.dispatch(GetFlashSale(sale_id=sale_id), a_call())
    return seen.state.value, seen.left


async def test_a_customer_starts_and_ends_no_sale(shop: Shop) -> None:
    for command in (a_sale(), EndFlashSale(sale_id=new_id())):
        with pytest.raises(Forbidden):
            await shop.dispatch(command, a_call("customer"))


@pytest.mark.parametrize(
    ("different", "refusal"),
    [
        ({"sku": "NOWHERE"}, NoSuchPrice),
        ({"price": Decimal("12.50")}, InvalidFlashSale),
        ({"price": Decimal("1.005")}, InvalidFlashSale),
        ({"price": Decimal("1e400")}, InvalidFlashSale),
        ({"per_buyer": 11}, InvalidFlashSale),
        ({"ends_at": datetime(2020, 1, 1, tzinfo=UTC)}, InvalidFlashSale),
    ],
)
async def test_a_sale_that_breaks_a_rule_leaves_nothing(
    shop: Shop, different: dict[str, Any], refusal: type[Exception]
) -> None:
    await a_product(shop, "LAMP")
    before = await written(shop)
    with pytest.raises(refusal):
        await shop.dispatch(a_sale(**different), MERCHANT)
    assert await written(shop) == before


async def test_of_many_sales_of_one_product_planned_at_once_one_is(shop: Shop) -> None:
    await a_product(shop, "LAMP")
    asked = [shop.dispatch(a_sale(), MERCHANT) for _ in range(8)]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(one, FlashSaleView) for one in outcomes) == 1
    assert sum(isinstance(one, FlashSaleOverlaps) for one in outcomes) == 7


async def test_sales_of_one_product_may_follow_each_other(shop: Shop) -> None:
    await a_product(shop, "LAMP")
    first = await a_running_sale(shop)
    later = await shop.dispatch(
        a_sale(starts_at=first.ends_at, ends_at=first.ends_at + timedelta(hours=1), price=Decimal(9)), MERCHANT
    )
    page = await shop.dispatch(ListFlashSales(limit=1), a_call("anonymous"))
    rest = await shop.dispatch(ListFlashSales(cursor=page.next), a_call("anonymous"))
    assert [one.id for one in (*page.items, *rest.items)] == [first.id, later.id]


async def test_a_sale_starts_and_ends_once_however_many_workers_keep_it(shop: Shop) -> None:
    await a_product(shop, "LAMP")
    sale = await shop.dispatch(a_sale(), MERCHANT)
    assert sum(await asyncio.gather(*(tick(shop) for _ in range(6)))) == 1
    await shop.db.pool.execute("UPDATE pricing.flash_sale SET starts_at = now() - interval '2 h', ends_at = now()")
    assert sum(await asyncio.gather(*(tick(shop) for _ in range(6)))) == 1
    assert (await told(shop), await state(shop, sale.id)) == (["started", "ended"], ("ENDED", 10))


async def test_a_worker_starts_a_sale_by_itself_and_its_price_map_follows(working_shop: Shop) -> None:
    await a_product(working_shop, "LAMP")
    sale = await working_shop.dispatch(a_sale(), MERCHANT)
    shown = "SELECT price_minor FROM pricing.flash_sale_price_map WHERE sale_id = $1"
    assert await until(working_shop, lambda: working_shop.db.pool.fetchval(shown, sale.id)) == 500
    await working_shop.dispatch(EndFlashSale(sale_id=sale.id), MERCHANT)

    async def gone() -> bool:
        return await working_shop.db.pool.fetchval(shown, sale.id) is None

    assert await until(working_shop, gone)


async def test_a_sale_ended_early_is_over_and_cannot_be_ended_again(shop: Shop) -> None:
    await a_product(shop, "LAMP")
    sale = await a_running_sale(shop)
    await shop.dispatch(EndFlashSale(sale_id=sale.id), MERCHANT)
    with pytest.raises(IllegalMove):
        await shop.dispatch(EndFlashSale(sale_id=sale.id), MERCHANT)
    with pytest.raises(NoSuchFlashSale):
        await shop.dispatch(EndFlashSale(sale_id=new_id()), MERCHANT)
    assert await told(shop) == ["started", "ended"]
    placed: OrderView = await shop.dispatch(an_order(), a_call())
    assert placed.total_amount == Decimal("12.50")


async def test_the_price_is_the_sales_while_it_runs_also_when_it_is_sold_out(shop: Shop) -> None:
    await a_product(shop, "LAMP", stock=20)
    await a_product(shop, "ROPE", stock=20)
    sale = await a_running_sale(shop, quantity=2)
    placed: OrderView = await shop.dispatch(an_order(2), a_call())
    assert placed.total_amount == Decimal("10.00")
    async with shop.db.reading(a_call()) as tx:
        prices = await tx.peer(PricingPeer).prices(tx, ["LAMP", "ROPE"], [])
    assert (prices["LAMP"].price.minor, prices["LAMP"].sale_id) == (500, sale.id)
    assert (prices["ROPE"].price.minor, prices["ROPE"].sale_id) == (1250, None)
    before = await written(shop)
    with pytest.raises(FlashSaleSoldOut) as refused:
        await shop.dispatch(an_order(), a_call())
    assert refused.value.facts["left"] == 0
    assert await written(shop) == before
    await tick(shop)
    assert (await told(shop), await state(shop, sale.id)) == (["started", "sold_out"], ("SOLD_OUT", 0))
    with pytest.raises(FlashSaleSoldOut):
        await shop.dispatch(an_order(), a_call())


async def test_one_buyer_gets_no_more_than_their_part_in_however_many_orders(shop: Shop) -> None:
    await a_product(shop, "LAMP", stock=20)
    await a_running_sale(shop)
    me = [shop.dispatch(an_order(), a_call(subject="me")) for _ in range(6)]
    outcomes = await asyncio.gather(*me, return_exceptions=True)
    assert sum(isinstance(one, OrderView) for one in outcomes) == 2
    assert sum(isinstance(one, FlashSaleLimit) for one in outcomes) == 4
    with pytest.raises(FlashSaleLimit):
        await shop.dispatch(an_order(3), a_call(subject="another"))


async def storm(shop: Shop, buyers: int) -> tuple[int, int]:
    """So many buyers want one piece each, through two lanes' worth of transactions; pieces sold, and counted."""
    asked = (shop.dispatch(an_order(), a_call(key=f"k{n}")) for n in range(buyers))
    await asyncio.gather(*asked, return_exceptions=True)
    row = await shop.db.pool.fetchrow(SOLD)
    return row[0], row[1]


async def test_of_many_buyers_at_once_exactly_as_many_get_pieces_as_there_are(shop: Shop) -> None:
    await a_product(shop, "LAMP", stock=1_000)
    await a_running_sale(shop, quantity=30)
    assert await storm(shop, 400) == (30, 30)


async def test_without_the_lock_on_the_sale_more_is_sold_and_is_seen(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failpoints, "_TEST_BUILD", True)
    monkeypatch.setattr(failpoints, "_PLANTED", frozenset({"sale_without_lock"}))
    await a_product(shop, "LAMP", stock=1_000)
    await a_running_sale(shop, quantity=30)
    sold, counted = await storm(shop, 400)
    assert sold > 30 >= counted


@pytest.mark.parametrize("how", ["canceled", "failed"])
async def test_an_order_that_is_off_gives_its_pieces_back_once(working_shop: Shop, how: str) -> None:
    await a_product(working_shop, "LAMP", stock=20)
    sale = await a_running_sale(working_shop, quantity=2)
    off = await working_shop.dispatch(PlaceOrder(items=(OrderLine(sku="LAMP", qty=2),)), a_call(subject="me"))
    await until(working_shop, lambda: _is(working_shop, sale.id, ("SOLD_OUT", 0)))
    total = {"total_amount": Decimal(10), "currency": "EUR"}
    event: Any = (
        OrderFailed(order_id=off.id, cause="x")
        if how == "failed"
        else OrderCancelled(order_id=off.id, reason="x", **total)  # type: ignore[arg-type]
    )
    for _ in range(2):
        async with working_shop.db.transaction(internal_call("test")) as tx:
            tx.tell(event)
    await until(working_shop, lambda: _is(working_shop, sale.id, ("RUNNING", 2)))
    placed: OrderView = await working_shop.dispatch(an_order(2), a_call(subject="me"))
    assert placed.total_amount == Decimal("10.00")
    assert tuple(await working_shop.db.pool.fetchrow(SOLD)) == (2, 2)


async def _is(shop: Shop, sale_id: UUID, expected: tuple[str, int]) -> bool:
    return await state(shop, sale_id) == expected


async def test_an_order_that_could_not_have_its_goods_leaves_its_pieces_to_the_next(shop: Shop) -> None:
    await a_product(shop, "LAMP", stock=1)
    await a_running_sale(shop, quantity=2)
    asked = [shop.dispatch(an_order(qty), a_call()) for qty in (2, 1, 1)]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(one, OrderView) for one in outcomes) == 1
    assert tuple(await shop.db.pool.fetchrow(SOLD)) == (1, 1)


async def test_orders_without_a_sale_ask_nothing_more_while_one_runs(shop: Shop) -> None:
    await a_product(shop, "LAMP")
    await a_product(shop, "ROPE")
    await a_running_sale(shop)
    statements: list[str] = []
    held = [await shop.db.pool.acquire() for _ in range(shop.db.pool.get_size())]
    for connection in held:
        connection.add_query_logger(lambda query: statements.append(query.query))
        await shop.db.pool.release(connection)
    await shop.dispatch(an_order(sku="ROPE"), a_call())
    assert not [one for one in statements if "flash_sale_redemption" in one or "pricing.flash_sale WHERE id" in one]
