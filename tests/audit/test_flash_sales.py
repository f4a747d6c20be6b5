"""A flash sale that was oversold, miscounted or kept for orders that are off turns its own check red, and no other."""

from datetime import timedelta
from decimal import Decimal

import asyncpg
import pytest

from tests.audit.conftest import red
from tests.builders import a_product
from tests.shops import Shop, a_call, until, working
from tradewind.app.audit import audit
from tradewind.contexts.orders.manifest import OrderLine, PlaceOrder
from tradewind.contexts.pricing.manifest import StartFlashSale
from tradewind.kernel.clock import now

RUNS = "SELECT count(*) FROM pricing.flash_sale WHERE state = 'RUNNING'"
CLAIM = """
    INSERT INTO runtime.outbox (stamp, event_id, type, key, trace_id, correlation_id, payload)
    SELECT stamp, gen_random_uuid(), 'ecommerce.order.order.claimed.v1', key, 't', 'c', '{"userId": "ada"}'
    FROM runtime.outbox WHERE type = 'ecommerce.order.order.created.v1'
"""
WRONGS = (
    ("UPDATE pricing.flash_sale SET sold = sold + 1", "sold is 3, but orders hold 2"),
    ("UPDATE pricing.flash_sale SET quantity = 2, per_buyer = 1", "a buyer has 2, 1 are allowed"),
    (
        "ALTER TABLE pricing.flash_sale DROP CONSTRAINT flash_sale_check, DROP CONSTRAINT flash_sale_check1;"
        "UPDATE pricing.flash_sale SET quantity = 1",
        "2 of 1 pieces were sold",
    ),
    ("UPDATE pricing.flash_sale_redemption SET order_id = gen_random_uuid()", "do not exist"),
    (
        "UPDATE pricing.flash_sale_redemption SET pieces = 1; UPDATE pricing.flash_sale SET sold = 1",
        "hold other pieces",
    ),
    ("UPDATE pricing.flash_sale SET starts_at = now() - interval '2 h', ends_at = now() - interval '1 h'", "it runs"),
)


async def a_sold_piece(shop: Shop) -> None:
    await a_product(shop, "LAMP")
    plan = StartFlashSale(sku="LAMP", price=Decimal(5), quantity=10, per_buyer=2, ends_at=now() + timedelta(hours=1))
    await shop.dispatch(plan, a_call("merchandiser"))
    await until(shop, lambda: shop.db.pool.fetchval(RUNS))
    await shop.dispatch(PlaceOrder(items=(OrderLine(sku="LAMP", qty=2),)), a_call())


async def checked(shop: Shop) -> tuple[list[str], str]:
    report = await audit(shop.engines.database_url, None, settle_s=10)
    return red(report), " ".join(violation for check in report.checks for violation in check.violations)


async def test_a_flash_sale_is_clean_until_somebody_meddles_with_it(working_shop: Shop) -> None:
    await a_sold_piece(working_shop)
    assert await checked(working_shop) == ([], "")


@pytest.mark.parametrize(("wrong", "says"), WRONGS, ids=[says for _, says in WRONGS])
async def test_what_the_shop_would_never_do_to_a_sale_is_found(shop: Shop, wrong: str, says: str) -> None:
    async with working(shop):
        await a_sold_piece(shop)
        assert await checked(shop) == ([], "")
    connection = await asyncpg.connect(shop.engines.database_url)
    await connection.execute(wrong)
    await connection.close()
    names, violations = await checked(shop)
    assert names == ["flash sales"]
    assert says in violations


async def test_what_a_guest_left_to_a_user_is_no_buyers_part(shop: Shop) -> None:
    async with working(shop):
        await a_sold_piece(shop)
        assert await checked(shop) == ([], "")
    connection = await asyncpg.connect(shop.engines.database_url)
    await connection.execute("UPDATE pricing.flash_sale SET per_buyer = 1")
    assert (await checked(shop))[0] == ["flash sales"]
    await connection.execute(CLAIM)
    await connection.close()
    assert "flash sales" not in red(await audit(shop.engines.database_url, None))
