"""Reports over a shop that works: what the edge answers, what the log gives again, what the auditor says."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final

import httpx2
import pytest

from tests.builders import a_product, an_ended_order
from tests.markets import Market
from tests.shops import Shop, a_call, until
from tradewind.app.audit import audit
from tradewind.app.audit.revenue import NAME
from tradewind.app.outside import columns
from tradewind.contexts.analytics.get_daily_revenue.query import GetDailyRevenue
from tradewind.contexts.analytics.list_top_products.query import ListTopProducts
from tradewind.contexts.analytics.summarize_sales.query import SummarizeSales
from tradewind.contracts.orders import OrderConfirmed, OrderPlaced
from tradewind.contracts.privacy import PersonErased
from tradewind.contracts.shipping import ShipmentDelivered
from tradewind.kernel.clock import now
from tradewind.kernel.ids import new_id
from tradewind.ports.columns import Columns
from tradewind.runtime.call import internal_call

MANAGER: Final = a_call("merchandiser")
LOADED: Final = """
    SELECT NOT EXISTS (SELECT FROM analytics.staged) AND NOT EXISTS (
        SELECT FROM runtime.outbox AS o JOIN runtime.position AS p ON p.subscriber = 'analytics.gather'
        WHERE (o.stamp, o.position) > (p.stamp, p.position) AND o.occurred_at > p.moved_at - interval '1 minute'
          AND (o.type LIKE 'ecommerce.payment.payment.%' OR o.type LIKE 'ecommerce.order.order.%'))
"""
AGED: Final = "UPDATE runtime.outbox SET occurred_at = occurred_at - interval '1 hour'"
CUSTOMERS: Final = "SELECT count(*), count(DISTINCT customer_key), max(customer_key) FROM fact_orders"
STEPS: Final = "SELECT step, total_minor, currency FROM fact_order_steps ORDER BY step"
DELIVERIES: Final = """
    SELECT a.sku, a.warehouse, a.quantity, a.reason, d.year FROM fact_inventory_adjustments AS a
    JOIN dim_date AS d ON d.day = CAST(a.told_at AS DATE)
"""


async def in_columns(shop: Shop, sql: str, wanted: list[tuple[Any, ...]]) -> None:
    """Wait until the columns answer so."""
    there: Any = shop.db.peers[Columns]

    async def look() -> bool:
        return list(await there.ask(sql)) == wanted

    await until(shop, look)


async def revenue_by_the_auditor(shop: Shop) -> Any:
    report = await audit(shop.engines.database_url, None, columns=partial(columns, shop.settings))
    return next(check for check in report.checks if check.name == NAME)


async def test_reports_say_what_was_sold_exactly(working_shop: Shop) -> None:
    lamp = await a_product(working_shop, "LAMP", stock=50)
    rope = await a_product(working_shop, "ROPE", stock=50, amount="0.07")
    for sku, qty in ((lamp, 2), (lamp, 1), (rope, 3)):
        await an_ended_order(working_shop, sku, qty=qty)
    await an_ended_order(working_shop, lamp, method="simulated:decline")
    until_ = now() + timedelta(minutes=1)

    async def summary() -> Any:
        found = await working_shop.dispatch(SummarizeSales(until=until_), MANAGER)
        (euros,) = found.currencies or (None,)
        return found if euros and (euros.orders, euros.orders_paid, euros.orders_called_off) == (4, 3, 1) else None

    found = await until(working_shop, summary)
    books = await working_shop.db.pool.fetchval("SELECT sum(captured_minor) FROM payments.payments")
    (euros,) = found.currencies
    assert (euros.pieces, euros.total) == (6, Decimal(books) / 100)
    assert euros.average_order_value == (euros.total / 3).quantize(Decimal("0.01"))
    assert found.orders_per_hour == Decimal("0.0056")
    assert (found.cart_abandonment_rate, found.carts_abandoned) == (None, 0)
    top = await working_shop.dispatch(ListTopProducts(until=until_), MANAGER)
    assert [(one.sku, one.name, one.pieces, one.sales, one.orders) for one in top.items] == [
        ("LAMP", "LAMP", 3, Decimal("37.50"), 2),
        ("ROPE", "ROPE", 3, Decimal("0.21"), 1),
    ]
    days = (await working_shop.dispatch(GetDailyRevenue(until=until_), MANAGER)).items
    assert [(one.currency, one.paid, one.orders_paid) for one in days] == [("EUR", euros.total, 3)]


async def test_what_was_delivered_and_a_person_who_is_forgotten_reach_the_columns(working_shop: Shop) -> None:
    order = OrderPlaced(
        order_id=new_id(), user_id="ada", total_amount=Decimal(1), currency="EUR", items=(), placed_at=now(),
        shipping_amount=Decimal(0), tax_amount=Decimal(0), discount_amount=Decimal(0),
    )  # fmt: skip
    async with working_shop.db.transaction(internal_call("test")) as tx:
        amount: Any = {"total_amount": Decimal(1), "currency": "EUR"}
        confirmed = OrderConfirmed(order_id=order.order_id, user_id="ada", **amount)
        tx.tell(order, confirmed, ShipmentDelivered(order_id=order.order_id, shipment_id=new_id()))
    await in_columns(working_shop, STEPS, [("CONFIRMED", 100, "EUR"), ("DELIVERED", 0, "")])
    there: Any = working_shop.db.peers[Columns]
    ((many, different, key),) = await there.ask(CUSTOMERS)
    assert (many, different) == (1, 1)
    assert key not in ("", "ada")
    async with working_shop.db.transaction(internal_call("test")) as tx:
        tx.tell(PersonErased(user_id="ada"))
    await in_columns(working_shop, CUSTOMERS, [(1, 1, "")])


async def test_stock_that_came_is_a_row_of_the_warehouse_that_joins_its_date(working_shop: Shop) -> None:
    await a_product(working_shop, "LAMP", stock=50)
    await in_columns(working_shop, DELIVERIES, [("LAMP", "MAIN", 50, "delivery", now().year)])


async def test_what_the_columns_lost_is_noticed_and_counted_again_by_command(working_shop: Shop) -> None:
    sku = await a_product(working_shop, "LAMP", stock=50)
    for _ in range(2):
        await an_ended_order(working_shop, sku)
    await until(working_shop, lambda: working_shop.db.pool.fetchval(LOADED))
    await working_shop.db.pool.execute(AGED)
    before = await revenue_by_the_auditor(working_shop)
    assert (before.ok, before.checked) == (True, 2)
    there: Any = working_shop.db.peers[Columns]
    await there.clear()
    lost = await revenue_by_the_auditor(working_shop)
    assert not lost.ok
    assert len(lost.violations) == 2
    assert "tradewind analytics rebuild" in lost.violations[0]
    for _ in range(2):
        said = subprocess.run(
            [sys.executable, "-m", "tradewind.app.cli", "analytics", "rebuild", "--json"],
            env={
                **os.environ,
                "TRADEWIND_HOME": str(working_shop.settings.home),
                "TRADEWIND_DATABASE_URL": working_shop.engines.database_url,
                "TRADEWIND_PROVIDER_URL": working_shop.engines.provider_url,
            },
            check=True, capture_output=True,
        )  # fmt: skip
        assert json.loads(said.stdout)["events"] > 6
        assert (await revenue_by_the_auditor(working_shop)).ok


async def test_reports_over_http_are_for_those_who_run_the_shop_and_come_as_csv_as_well(quiet_market: Market) -> None:
    manager, customer = quiet_market.somebody("merchandiser"), quiet_market.somebody("customer")
    path = "/api/v1/analytics/exports/revenue.csv"
    assert (await customer.get(path)).status_code == 403
    found: httpx2.Response = await manager.get(path)
    assert found.status_code == 200
    assert found.headers["content-type"].startswith("text/csv")
    assert found.headers["content-disposition"] == 'attachment; filename="revenue.csv"'
    assert found.text.startswith("start,currency,captured,refunded,net,captures,refunds\r\n")
    assert (await manager.get("/api/v1/analytics/revenue?by=week")).status_code == 422
    unfit = await manager.get("/api/v1/analytics/revenue?since=2020-01-01T00:00:00Z&by=minute")
    assert (unfit.status_code, unfit.json()["longest"]) == (422, 86400)


@pytest.mark.parametrize("part", ["edge", "worker", "cli"])
def test_no_engine_of_columns_is_imported_until_something_is_counted(part: str) -> None:
    look = f"import sys, tradewind.app.{part}; sys.exit(any(one in sys.modules for one in {ENGINES}))"
    assert subprocess.run([sys.executable, "-c", look], check=False).returncode == 0


ENGINES: Final = ("duckdb", "clickhouse_connect", "chdb", "pandas", "pyarrow")
