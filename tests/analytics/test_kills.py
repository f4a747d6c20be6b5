"""A worker is killed at each boundary on the way to the columns, with all rows in hand: nothing is lost or doubled."""

import asyncio
import os
import signal
import sys
from functools import partial
from typing import Any, Final

import pytest

from tests.builders import a_product
from tests.shops import Shop, a_call, until
from tradewind.app.audit import audit
from tradewind.app.audit.report import Check
from tradewind.app.audit.revenue import NAME
from tradewind.app.free_ports import free_port
from tradewind.app.outside import columns
from tradewind.contexts.orders.manifest import OrderLine, PlaceOrder
from tradewind.ports.columns import Columns

STEPS: Final = (
    "analytics.before_put",
    "columns.before_commit",
    "analytics.after_put",
    "analytics.before_commit",
    "analytics.after_commit",
)
ORDERS: Final = 4
GATHERED: Final = """
    SELECT (SELECT count(*) FROM runtime.saga WHERE phase = 'COMPLETED') = $1 AND NOT EXISTS (
        SELECT FROM runtime.outbox AS o JOIN runtime.position AS p ON p.subscriber = 'analytics.gather'
        WHERE (o.stamp, o.position) > (p.stamp, p.position) AND o.type LIKE 'ecommerce.payment.payment.%')
"""
LOADED: Final = """
    SELECT NOT EXISTS (SELECT FROM analytics.staged) AND NOT EXISTS (
        SELECT FROM runtime.outbox AS o JOIN runtime.position AS p ON p.subscriber = 'analytics.gather'
        WHERE (o.stamp, o.position) > (p.stamp, p.position) AND o.type LIKE 'ecommerce.payment.payment.%')
"""
BOOKS: Final = "SELECT sum(captured_minor)::bigint FROM payments.payments"
AGED: Final = "UPDATE runtime.outbox SET occurred_at = occurred_at - interval '1 hour'"
COUNTED: Final = "SELECT sum(amount_minor), count(*) FROM fact_payments"


async def a_worker(shop: Shop, **environment: str) -> asyncio.subprocess.Process:
    given = {
        "TRADEWIND_HOME": str(shop.settings.home),
        "TRADEWIND_DATABASE_URL": shop.engines.database_url,
        "TRADEWIND_PROVIDER_URL": shop.engines.provider_url,
        "TRADEWIND_LOG_LEVEL": "error",
        "TRADEWIND_SAGA_LEASE_S": "2",
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tradewind.app.worker", env={**os.environ, **given, **environment}
    )


async def staged_orders(shop: Shop) -> None:
    """Orders carried to their end by a worker that cannot reach the columns: every row waits."""
    sku = await a_product(shop, "LAMP", stock=50)
    wish = PlaceOrder(
        items=(OrderLine(sku=sku, qty=1),), payment_method="simulated:approve", shipping_address={"country": "DE"}
    )
    for _ in range(ORDERS):
        await shop.dispatch(wish, a_call())
    worker = await a_worker(shop, TRADEWIND_CLICKHOUSE_URL=f"http://127.0.0.1:{free_port('127.0.0.1')}")
    try:
        await until(shop, lambda: shop.db.pool.fetchval(GATHERED, ORDERS), within_s=90)
    finally:
        worker.kill()
        await worker.wait()
    there: Any = shop.db.peers[Columns]
    assert list(await there.ask(COUNTED)) in ([], [(None, 0)])


async def die_at(shop: Shop, step: str, **environment: str) -> None:
    """A worker dies at `step`, with all rows in hand."""
    await staged_orders(shop)
    doomed = await a_worker(shop, TRADEWIND_FAILPOINTS=f"{step}=kill", **environment)
    async with asyncio.timeout(90):
        assert await doomed.wait() == -signal.SIGKILL


async def loaded_by_another(shop: Shop) -> Check:
    """A worker that lives brings the rest; what the auditor says of revenue then."""
    heir = await a_worker(shop)
    try:
        await until(shop, lambda: shop.db.pool.fetchval(LOADED), within_s=60)
    finally:
        heir.terminate()
        await heir.wait()
    await shop.db.pool.execute(AGED)
    report = await audit(shop.engines.database_url, None, columns=partial(columns, shop.settings))
    (check,) = [check for check in report.checks if check.name == NAME]
    return check


@pytest.mark.parametrize("step", STEPS)
async def test_killed_at_any_boundary_every_payment_is_counted_once(shop: Shop, step: str) -> None:
    await die_at(shop, step)
    check = await loaded_by_another(shop)
    assert check.ok, check.violations
    assert (check.checked, check.in_flight) == (ORDERS, 0)
    there: Any = shop.db.peers[Columns]
    assert list(await there.ask(COUNTED)) == [(await shop.db.pool.fetchval(BOOKS), ORDERS)]


async def test_deleting_what_is_staged_before_it_is_put_is_noticed_by_the_auditor(shop: Shop) -> None:
    planted = {"TRADEWIND_TEST_BUILD": "1", "TRADEWIND_PLANTED_BUGS": "staged_deleted_before_put"}
    await die_at(shop, "analytics.before_put", **planted)
    check = await loaded_by_another(shop)
    assert not check.ok
    assert "captured 0 and refunded 0 in minor units, the books say" in check.violations[0]
