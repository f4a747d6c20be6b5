"""The tables that the domain architecture names, each in the schema of the context that owns it."""

import pytest

from tradewind.app.wiring import Shop

TABLES = {
    "products": "catalog",
    "product_price_history": "pricing",
    "orders": "orders",
    "order_items": "orders",
    "order_status_history": "orders",
    "payments": "payments",
    "inventory_stock": "inventory",
    "inventory_adjustment": "inventory",
}
OWNER = "SELECT table_schema FROM information_schema.tables WHERE table_name = $1 AND table_type = 'BASE TABLE'"


@pytest.mark.parametrize(("table", "context"), TABLES.items(), ids=list(TABLES))
async def test_a_table_of_the_domain_architecture_is_there_and_has_one_owner(
    shop: Shop, table: str, context: str
) -> None:
    assert [row["table_schema"] for row in await shop.db.pool.fetch(OWNER, table)] == [context]
