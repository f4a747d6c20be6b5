"""The label of a return: for whose it is and for staff, once it may come back and until it is here."""

import pytest

from tests.builders import a_product
from tests.comebacks import STAFF, a_delivered_order, asked
from tests.shops import Shop, a_call
from tradewind.contexts.returns._store.returns import NoSuchReturn
from tradewind.contexts.returns.decide_return.command import ApproveReturn
from tradewind.contexts.returns.print_label.query import NotApproved, PrintReturnLabel
from tradewind.contexts.returns.receive_return.command import ReceiveReturn
from tradewind.kernel.ids import new_id


async def test_a_label_is_printed_while_a_return_is_awaited(working_shop: Shop) -> None:
    await a_product(working_shop, "BOOK")
    order_id = await a_delivered_order(working_shop, "BOOK", 2)
    one = await asked(working_shop, order_id, "BOOK", 1)
    wish = PrintReturnLabel(return_id=one.id)
    with pytest.raises(NotApproved):
        await working_shop.dispatch(wish, STAFF)
    await working_shop.dispatch(ApproveReturn(return_id=one.id), STAFF)
    for refused in (wish, PrintReturnLabel(return_id=new_id())):
        with pytest.raises(NoSuchReturn):
            await working_shop.dispatch(refused, a_call("customer"))
    owner = await working_shop.db.pool.fetchval("SELECT user_id FROM orders.orders WHERE id = $1", order_id)
    printed = await working_shop.dispatch(wish, a_call("customer", subject=owner))
    assert printed.content.startswith(b"%PDF-")
    for said in (one.number, "1 x BOOK", working_shop.settings.return_address[0]):
        assert f"({said})".encode() in printed.content
    assert printed == await working_shop.dispatch(wish, STAFF), "the same bytes"
    await working_shop.dispatch(ReceiveReturn(return_id=one.id), STAFF)
    with pytest.raises(NotApproved):
        await working_shop.dispatch(wish, STAFF)
