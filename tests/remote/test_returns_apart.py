"""Returns where inventory has a database of its own: they are received, and come back to the main warehouse."""

import pytest

from tests.comebacks import STAFF, a_delivered_order, approved
from tests.remote.test_orders_apart import Apart, apart
from tradewind.contexts.returns.manifest import ReceiveReturn
from tradewind.contracts.inventory import NoSuchWarehouse

__all__ = ["apart"]


async def test_goods_come_back_to_the_main_warehouse_alone(apart: Apart) -> None:
    async with apart.answering():
        order_id = await a_delivered_order(apart.orders, "BOOK", 2)
        back = await approved(apart.orders, order_id, "BOOK", 1)
        with pytest.raises(NoSuchWarehouse):
            await apart.orders.dispatch(ReceiveReturn(return_id=back.id, warehouse="NORTH"), STAFF)
        here = await apart.orders.dispatch(ReceiveReturn(return_id=back.id), STAFF)
    assert [line.warehouse for line in here.lines] == ["MAIN"]
