"""Exchanges where inventory has a database of its own: the saga of what goes out holds it, else the money is back."""

import pytest

from tests.builders import seen
from tests.comebacks import STAFF, a_delivered_order, approved, comes_to, inspected, received
from tests.edits import comes_to as order_comes_to
from tests.edits import money
from tests.remote.test_edits_apart import both, heard, stock, wrong
from tests.remote.test_orders_apart import Apart, apart
from tradewind.contexts.returns.manifest import ReceiveReturn
from tradewind.contracts.inventory import NoSuchWarehouse

__all__ = ["apart", "both"]


async def test_what_goes_out_instead_is_held_there_and_paid_by_what_came_back(both: Apart) -> None:
    async with both.answering():
        order_id = await a_delivered_order(both.orders, "BOOK", 3)
        back = await received(both.orders, order_id, "BOOK", 2, PEN=2)
        settled = await inspected(both.orders, back, written_off=2)
        await order_comes_to(both.orders, settled.replacement_order_id, "PAID")
        await comes_to(both.orders, back.id, "REFUNDED")
        assert await wrong(both) == []
    order = await seen(both.orders, settled.replacement_order_id)
    assert [(line.sku, line.qty) for line in order.items] == [("PEN", 2)]
    assert await stock(both, "PEN") == (8, 0)
    assert await money(both.orders, order_id) + await money(both.orders, order.id) == 1250 + 600


@pytest.mark.parametrize("known", [True, False])
async def test_who_cannot_have_it_has_the_money(both: Apart, *, known: bool) -> None:
    async with both.answering():
        order_id = await a_delivered_order(both.orders, "BOOK", 2)
        back = await received(both.orders, order_id, "BOOK", 2, PEN=2)
        await both.inventory.db.pool.execute(
            "UPDATE inventory.inventory_stock SET on_hand = 1 WHERE sku = 'PEN'"
        )  # somebody has just bought the others
        await heard(both, "PEN", 1 if known else 10)
        settled = await inspected(both.orders, back, written_off=2)
        if settled.replacement_order_id is not None:
            await order_comes_to(both.orders, settled.replacement_order_id, "CANCELED")
        await comes_to(both.orders, back.id, "REFUNDED")
    assert (settled.replacement_order_id is None) is known
    assert await money(both.orders, order_id) == 0
    assert await stock(both, "PEN") == (1, 0)


async def test_goods_come_back_to_the_main_warehouse_alone(both: Apart) -> None:
    async with both.answering():
        order_id = await a_delivered_order(both.orders, "BOOK", 2)
        back = await approved(both.orders, order_id, "BOOK", 1)
        with pytest.raises(NoSuchWarehouse):
            await both.orders.dispatch(ReceiveReturn(return_id=back.id, warehouse="NORTH"), STAFF)
        here = await both.orders.dispatch(ReceiveReturn(return_id=back.id), STAFF)
    assert [line.warehouse for line in here.lines] == ["MAIN"]
