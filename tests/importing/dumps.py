"""What two shops, or one shop at two times, are compared by."""

from typing import Any, Final

from tests.shops import until
from tradewind.adapters.streams.log import NAME, add_up
from tradewind.app.wiring import Shop
from tradewind.runtime.call import internal_call

PASSING_THROUGH: Final = frozenset({"analytics.staged"})
"""Tables in which rows wait until they are somewhere else."""
SUMMED_UP: Final = frozenset({"analytics.sales_day", "analytics.daily_sales"})
"""Tables that say when a timer last came to a day."""
TABLES: Final = """
    SELECT table_schema || '.' || table_name AS name FROM information_schema.tables
    WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""
ADDED_UP: Final = """
    SELECT NOT EXISTS (SELECT FROM runtime.outbox AS o JOIN runtime.position AS p
                       ON (o.stamp, o.position) > (p.stamp, p.position) WHERE p.subscriber = $1)
"""
STATE: Final = {
    "products": "SELECT sku, name, category, price_minor, currency, status FROM catalog.products",
    "prices": "SELECT sku, amount_minor, valid_from, valid_to FROM pricing.product_price_history",
    "stock": "SELECT sku, on_hand, reserved FROM inventory.inventory_stock",
    "adjustments": "SELECT sku, delta, reason, reference FROM inventory.inventory_adjustment",
    "reservations": "SELECT order_id, sku, quantity, state FROM inventory.reservation",
    "orders": "SELECT * FROM orders.orders",
    "lines": "SELECT order_id, line, kind, sku, quantity, unit_price_minor FROM orders.order_items",
    "history": "SELECT order_id, version, status, event FROM orders.order_status_history",
    "payments": "SELECT order_id, status, amount_minor, captured_minor, refunded_minor FROM payments.payments",
    "refunds": "SELECT id, order_id, amount_minor, status, reason FROM payments.refund",
    "shipments": "SELECT order_id, status FROM shipping.shipments",
    "sagas": "SELECT id, name, phase FROM runtime.saga",
    "told": "SELECT type, count(*) FROM runtime.outbox GROUP BY 1",
}
"""Everything that does not depend on the hour or on chance."""


async def everything(shop: Shop) -> dict[str, list[str]]:
    """Every row of every table that keeps its rows, as text, once revenue is added up, which a timer does."""
    await until(shop, lambda: _added_up(shop))
    async with shop.db.pool.acquire() as connection:
        kept = [row["name"] for row in await connection.fetch(TABLES)]
        names = [name for name in kept if name not in PASSING_THROUGH | SUMMED_UP]
        return {name: await _rows(connection, f"SELECT t::text AS row FROM {name} AS t") for name in names}


async def _added_up(shop: Shop) -> bool:
    async with shop.db.transaction(internal_call("test")) as tx:
        await add_up(tx)
    return bool(await shop.db.pool.fetchval(ADDED_UP, NAME))


async def state(shop: Shop) -> dict[str, list[str]]:
    """What an import brought about, without what differs from run to run."""
    async with shop.db.pool.acquire() as connection:
        return {name: await _rows(connection, sql) for name, sql in STATE.items()}


async def _rows(connection: Any, sql: str) -> list[str]:
    return sorted(str(tuple(row)) for row in await connection.fetch(sql))
