"""Stock that was there before there were warehouses: it lies in the main one, and every order keeps what it holds."""

from pathlib import Path
from typing import Any, Final

from tests.shops import a_call
from tradewind.contexts.inventory.conftest import Store
from tradewind.contexts.inventory.expire_reservations.timer import expire_reservations
from tradewind.kernel.ids import new_id

MIGRATIONS: Final = Path(__file__).parent / "migrations"
ANEW: Final = "DROP SCHEMA inventory CASCADE; CREATE SCHEMA inventory"
OLD_STOCK: Final = """
    INSERT INTO inventory.inventory_stock (sku, product_id, on_hand, reserved)
    VALUES ('A', gen_random_uuid(), 7, 2), ('B', gen_random_uuid(), 5, 3)
"""
OLD_ADJUSTMENTS: Final = """
    INSERT INTO inventory.inventory_adjustment (id, sku, delta, reason, actor, reference)
    VALUES (gen_random_uuid(), 'A', 8, 'delivery', 'old', 'x'), (gen_random_uuid(), 'B', 5, 'delivery', 'old', NULL)
"""
OLD_RESERVATIONS: Final = """
    INSERT INTO inventory.reservation (order_id, sku, quantity, state, expires_at) VALUES
    ($1, 'B', 3, 'HELD', now()), ($1, 'A', 2, 'HELD', now()), ($2, 'A', 1, 'CONFIRMED', now())
"""


async def migrate(connection: Any, *numbers: str) -> None:
    for number in numbers:
        (path,) = MIGRATIONS.glob(f"{number}_*.sql")
        sql = path.read_text()
        apart = "INDEX CONCURRENTLY" in sql
        for statement in filter(str.strip, sql.split(";") if apart else [sql]):
            await connection.execute(statement)


async def test_old_stock_lies_in_the_main_warehouse_and_orders_keep_what_they_hold(store: Store) -> None:
    held, sold = new_id(), new_id()
    async with store.db.pool.acquire() as connection:
        await connection.execute(ANEW)
        await migrate(connection, "0001", "0002")
        await connection.execute(OLD_STOCK)
        await connection.execute(OLD_ADJUSTMENTS)
        await connection.execute(OLD_RESERVATIONS, held, sold)
        later = sorted(path.name[:4] for path in MIGRATIONS.glob("*.sql") if path.name > "0003")
        await migrate(connection, *later)
        await connection.reload_schema_state()
    assert await store.shelves("A") == {"MAIN": (7, 2)}
    assert await store.shelves("B") == {"MAIN": (5, 3)}
    rows = await store.db.pool.fetch("SELECT sku, line FROM inventory.reservation WHERE order_id = $1 ORDER BY 2", held)
    assert [tuple(row) for row in rows] == [("A", 0), ("B", 1)]
    async with store.db.transaction(a_call("system")) as tx:
        assert await expire_reservations(tx) == 1
    assert await store.stock() == {"A": (7, 0), "B": (5, 0)}
    await store.release(sold)
    assert await store.stock() == {"A": (8, 0), "B": (5, 0)}
