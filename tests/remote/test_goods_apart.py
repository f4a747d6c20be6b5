"""Goods that staff gives back where payments has to go by what it heard of orders: late, twice, out of order."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from tests.builders import a_product
from tests.comebacks import STAFF, pieces_refunded_by_hand
from tests.edits import edit, over
from tests.held import comes_to, placed
from tests.remote.test_edit_refunds_apart import edited, paid
from tests.remote.test_payments_apart import Apart, apart, disarmed
from tests.remote.test_refunds_apart import refunding, refunds
from tests.shops import open_shop, until
from tradewind.adapters.payments.bought import BoughtByEvents
from tradewind.contexts.orders.pay_order.command import PayOrder
from tradewind.contexts.payments._store.sold import Heard
from tradewind.contexts.payments.refund_payment.goods import NotHeardYet, RefundedAlready
from tradewind.contracts.orders import SoldPeer
from tradewind.contracts.payments import RefundHold
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.runtime import failpoints

__all__ = ["apart", "disarmed", "refunding"]
pytestmark = pytest.mark.adapter("grpc")

DEAF = "LOCK TABLE payments.sold IN EXCLUSIVE MODE"
TRUE = "SELECT count(*) FROM payments.true_edit WHERE order_id = $1"
SENT = "SELECT EXISTS (SELECT FROM payments.true_edit WHERE order_id = $1)"
REFUNDS = "SELECT count(*) FROM payments.refund WHERE order_id = $1"


@pytest_asyncio.fixture
async def goods(refunding: Apart) -> AsyncIterator[Apart]:
    """Payments that asks nobody what was sold."""
    settings, engines = refunding.payments.settings, refunding.payments.engines
    asking: dict[type, object] = {SoldPeer: BoughtByEvents()}
    async with open_shop(settings, engines, connections=4, instead=asking) as payments:
        yield replace(refunding, payments=payments)


@asynccontextmanager
async def deaf(apart: Apart) -> AsyncIterator[None]:
    """What orders tell is not heard by payments meanwhile."""
    async with apart.payments.db.pool.acquire() as connection, connection.transaction():
        await connection.execute(DEAF)
        yield


async def hears(apart: Apart, order_id: UUID) -> None:
    """Wait until payments knows what the order is of."""

    async def look() -> bool:
        async with apart.payments.db.reading(STAFF) as tx:
            return await Heard().sold(tx, order_id) is not None

    await until(apart.payments, look)


async def test_goods_are_worth_what_was_heard_of_them_and_go_back_once(goods: Apart) -> None:
    async with goods.answering():
        order_id = await paid(goods)
        await hears(goods, order_id)
        await pieces_refunded_by_hand(goods.payments, order_id, "BOOK", 1)
        with pytest.raises(RefundedAlready):
            await pieces_refunded_by_hand(goods.payments, order_id, "BOOK", 2)
        await pieces_refunded_by_hand(goods.payments, order_id, "BOOK", 1)
        await until(goods.payments, lambda: all_done(goods, order_id))
        assert await goods.wrong() == []
    assert await refunds(goods, order_id) == [("DONE", 1250)] * 2


async def all_done(apart: Apart, order_id: UUID) -> bool:
    """Whether the buyer has it all."""
    return all(status == "DONE" for status, _ in await refunds(apart, order_id))


async def test_an_order_that_was_not_heard_of_is_refused_and_nothing_is_done(goods: Apart) -> None:
    await a_product(goods.payments, "PEN", amount="3.00")
    async with goods.answering():
        async with deaf(goods):
            order_id = await placed(goods.orders, "BOOK")
            assert await comes_to(goods.orders, order_id, "PAID") == "PAID"
            with pytest.raises(NotHeardYet):
                await pieces_refunded_by_hand(goods.payments, order_id, "BOOK", 1)
            assert await goods.payments.db.pool.fetchval(REFUNDS, order_id) == 0
        await hears(goods, order_id)
        await pieces_refunded_by_hand(goods.payments, order_id, "BOOK", 1)
    assert [minor for _, minor in await refunds(goods, order_id)] == [1250]


async def test_what_was_edited_before_it_was_paid_is_waited_for_too(goods: Apart) -> None:
    async with goods.answering():
        order_id = await placed(goods.orders, "BOOK", method=None)
        assert await comes_to(goods.orders, order_id, "PENDING_PAYMENT") == "PENDING_PAYMENT"
        await hears(goods, order_id)
        async with deaf(goods):
            await edit(goods.orders, order_id, BOOK=3)
            await goods.orders.dispatch(PayOrder(order_id=order_id, payment_method="simulated:approve"), STAFF)
            assert await comes_to(goods.orders, order_id, "PAID") == "PAID"
            with pytest.raises(NotHeardYet):
                await pieces_refunded_by_hand(goods.payments, order_id, "BOOK", 1)
        await hears(goods, order_id)
        await pieces_refunded_by_hand(goods.payments, order_id, "BOOK", 3)
    assert [minor for _, minor in await refunds(goods, order_id)] == [3750]


async def edited_unheard(apart: Apart) -> UUID:
    """A book less and some pens more: true, and payments knows that, but not what it is of now."""
    order_id = await paid(apart)
    await hears(apart, order_id)
    return order_id


async def is_true(apart: Apart, order_id: UUID) -> None:
    """Have it edited, until payments was told to send what goes back."""
    await edit(apart.orders, order_id, BOOK=1, PEN=5)
    await until(apart.orders, lambda: apart.orders.db.pool.fetchval(SENT, order_id))


async def test_goods_are_not_given_back_before_an_edit_that_is_true_was_heard(goods: Apart) -> None:
    async with goods.answering():
        order_id = await edited_unheard(goods)
        async with deaf(goods):
            await is_true(goods, order_id)
            for sku in ("BOOK", "PEN"):
                with pytest.raises(NotHeardYet):
                    await pieces_refunded_by_hand(goods.payments, order_id, sku, 1)
        await over(goods.orders, order_id)
        await hears(goods, order_id)
        with pytest.raises(RefundedAlready):
            await pieces_refunded_by_hand(goods.payments, order_id, "BOOK", 2)
        await pieces_refunded_by_hand(goods.payments, order_id, "PEN", 5)
    assert [minor for _, minor in await refunds(goods, order_id)] == [1500]


async def test_a_shop_that_goes_by_what_it_heard_before_an_edit_would_be_noticed(
    goods: Apart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failpoints, "_PLANTED", frozenset({"unheard_edits_are_nothing"}))
    monkeypatch.setattr(failpoints, "_TEST_BUILD", True)
    async with goods.answering():
        order_id = await edited_unheard(goods)
        async with deaf(goods):
            await is_true(goods, order_id)
            await until(goods.payments, lambda: paid_for(goods, order_id))
            await pieces_refunded_by_hand(goods.payments, order_id, "BOOK", 2)
    assert [minor for _, minor in await refunds(goods, order_id)] == [2500], "for two books, of which one was sold"


async def paid_for(apart: Apart, order_id: UUID) -> bool:
    """Whether what the edit added is paid."""
    whole = "SELECT sum(captured_minor) = 2750 FROM payments.payments WHERE order_id = $1 OR part_of = $1"
    return bool(await apart.payments.db.pool.fetchval(whole, order_id))


@pytest.mark.parametrize("when", ["before", "after"])
async def test_an_edit_that_is_sent_is_known_to_be_true_wherever_payments_breaks_off(
    goods: Apart, disarmed: None, when: str
) -> None:
    async with goods.answering():
        order_id = await paid(goods)
        failpoints.arm({f"payments.send.{when}_commit": "raise@1"})
        await edited(goods, order_id, BOOK=1)
        await hears(goods, order_id)
        await pieces_refunded_by_hand(goods.payments, order_id, "BOOK", 1)
        assert await goods.payments.db.pool.fetchval(TRUE, order_id) == 1
    assert [minor for _, minor in await refunds(goods, order_id)] == [1250] * 2


@pytest.mark.parametrize("edit_id", [None, new_id()], ids=["of a release before", "of this one"])
async def test_an_edit_that_comes_to_nothing_or_names_no_event_is_not_waited_for(
    goods: Apart, edit_id: UUID | None
) -> None:
    async with goods.answering():
        order_id = await paid(goods)
        await hears(goods, order_id)
        facts: dict[str, Any] = {"order_id": order_id, "amount": Money(0, "EUR"), "reason": "edited"}
        wish = RefundHold(refund_id=new_id(), edit_id=edit_id, **facts)
        await goods.way.hold(wish, STAFF)
        await (goods.way.let_go if edit_id else goods.way.send)(wish.refund_id, STAFF)
        await pieces_refunded_by_hand(goods.payments, order_id, "BOOK", 2)
    assert await goods.payments.db.pool.fetchval(TRUE, order_id) == 0
