"""An order that was claimed is its new owner's in the row, the events and the projection; else the audit says so."""

import asyncpg

from tests.audit.conftest import red
from tests.builders import a_product
from tests.shops import Shop, a_call, until
from tradewind.app.audit import audit
from tradewind.contexts.orders.manifest import OrderLine, PlaceOrder
from tradewind.contracts.identity import GuestMerged
from tradewind.runtime.call import internal_call

CLAIMED = "SELECT user_id FROM orders.orders_by_customer WHERE user_id = 'ada'"


async def test_a_claimed_order_is_clean_and_a_row_of_another_owner_is_not(working_shop: Shop) -> None:
    await a_product(working_shop, "BOOK")
    command = PlaceOrder(items=(OrderLine(sku="BOOK", qty=1),), email="ada@example.org")
    await working_shop.dispatch(command, a_call("guest", subject="guest-1"))
    async with working_shop.db.transaction(internal_call("test")) as tx:
        tx.tell(GuestMerged(user_id="ada", guest_id="guest-1"))
    assert await until(working_shop, lambda: working_shop.db.pool.fetchval(CLAIMED)) == "ada"
    engines = working_shop.engines
    report = await audit(engines.database_url, None, settle_s=20)
    assert report.ok, report.lines()
    connection = await asyncpg.connect(engines.database_url)
    await connection.execute("UPDATE orders.orders SET user_id = 'thief'")
    await connection.close()
    assert red(await audit(engines.database_url, None)) == ["events fold to the row"]
