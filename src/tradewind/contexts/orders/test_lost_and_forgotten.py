"""Erasure: goods that are lost and paid back hold nobody up; goods that may still find their buyer do."""

from typing import Any
from uuid import UUID

import pytest

from tests.builders import a_product, an_ended_order
from tests.comebacks import refunded_by_hand
from tests.edits import dispatch, lose, money
from tests.shops import Shop, until
from tradewind.contexts.orders.personal_data import OrderData
from tradewind.contracts.privacy import OrdersUnderWay, Person
from tradewind.runtime.call import internal_call

KEPT = "SELECT status, payment_method, shipping_address::text FROM orders.orders WHERE id = $1"
OWNER = "SELECT user_id FROM orders.orders WHERE id = $1"


async def erase(shop: Shop, order_id: UUID) -> None:
    person = Person(user_id=await shop.db.pool.fetchval(OWNER, order_id), emails=())
    async with shop.db.transaction(internal_call("test")) as tx:
        await OrderData().erase(tx, person)


async def kept(shop: Shop, order_id: UUID) -> tuple[Any, ...]:
    return tuple(await shop.db.pool.fetchrow(KEPT, order_id))


async def test_a_lost_order_holds_its_buyer_up_only_until_everything_is_paid_back(working_shop: Shop) -> None:
    await a_product(working_shop, "BOOK")
    order_id = await an_ended_order(working_shop, "BOOK", qty=2)
    before = await kept(working_shop, order_id)
    for act in (dispatch, lose):
        await act(working_shop, order_id)
        with pytest.raises(OrdersUnderWay):
            await erase(working_shop, order_id)
    await refunded_by_hand(working_shop, order_id, 2499)

    async def comes_down_to(minor: int) -> bool:
        return await money(working_shop, order_id) == minor

    await until(working_shop, lambda: comes_down_to(1))
    with pytest.raises(OrdersUnderWay):
        await erase(working_shop, order_id)
    assert await kept(working_shop, order_id) == before
    await refunded_by_hand(working_shop, order_id, 1)
    await until(working_shop, lambda: comes_down_to(0))
    await erase(working_shop, order_id)
    assert await kept(working_shop, order_id) == ("PAID", None, '{"country": "DE"}')


async def test_an_order_that_is_paid_back_but_not_lost_may_still_find_its_buyer(working_shop: Shop) -> None:
    await a_product(working_shop, "BOOK")
    order_id = await an_ended_order(working_shop, "BOOK", qty=2)
    await dispatch(working_shop, order_id)
    await refunded_by_hand(working_shop, order_id, 2500)

    async def is_back() -> bool:
        return await money(working_shop, order_id) == 0

    await until(working_shop, is_back)
    with pytest.raises(OrdersUnderWay):
        await erase(working_shop, order_id)
