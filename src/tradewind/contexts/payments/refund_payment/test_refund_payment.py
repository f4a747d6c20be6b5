"""Refunds: never more than was captured however many ask at once (R11), each booked once, each by its saga."""

import asyncio
from decimal import Decimal
from uuid import UUID

import pytest
from msgspec.structs import replace

from tests.builders import a_product, an_ended_order
from tests.shops import Shop, a_call, until
from tradewind.contexts.payments.refund_payment.command import (
    NoSuchPayment,
    RefundPayment,
    RefundTooLarge,
    UnfitRefund,
)
from tradewind.contexts.payments.refund_payment.goods import RefundedAlready, RefundLine, UnfitLines
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money

STAFF = a_call("admin")
TOLD = "SELECT count(*) FROM runtime.outbox WHERE type = 'ecommerce.payment.payment.refunded.v1'"
BOOKED = "SELECT refunded_minor FROM payments.payments WHERE order_id = $1"
OPEN = "SELECT count(*) FROM payments.refund WHERE order_id = $1 AND status = 'PENDING'"


def a_refund(order_id: UUID, minor: int, refund_id: UUID | None = None) -> RefundPayment:
    return RefundPayment(
        order_id=order_id, amount=Money(minor, "EUR").amount, currency="EUR", reason="returned", refund_id=refund_id
    )


async def paid(shop: Shop) -> UUID:
    await a_product(shop, "BOOK")
    return await an_ended_order(shop, "BOOK", qty=2)


async def settled(shop: Shop, order_id: UUID) -> int:
    async def nothing_open() -> bool:
        return bool(await shop.db.pool.fetchval(OPEN, order_id) == 0)

    await until(shop, nothing_open)
    booked: int = await shop.db.pool.fetchval(BOOKED, order_id)
    return booked


async def test_what_cannot_be_refunded_is_refused_and_nothing_is_claimed(working_shop: Shop) -> None:
    order_id = await paid(working_shop)
    for refused, refund in (
        (NoSuchPayment, a_refund(new_id(), 100)),
        (RefundTooLarge, a_refund(order_id, 2501)),
        (RefundTooLarge, a_refund(order_id, 0)),
        (RefundTooLarge, a_refund(order_id, -5)),
    ):
        with pytest.raises(refused):
            await working_shop.dispatch(refund, STAFF)
    with pytest.raises(Forbidden):
        await working_shop.dispatch(a_refund(order_id, 100), a_call("customer"))
    assert await working_shop.db.pool.fetchval("SELECT count(*) FROM payments.refund") == 0


async def test_fifty_refunds_at_once_never_exceed_the_capture(working_shop: Shop) -> None:
    order_id = await paid(working_shop)
    asked = (working_shop.dispatch(a_refund(order_id, 150), STAFF) for _ in range(50))
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one) for one in outcomes].count(RefundTooLarge) == 50 - 2500 // 150
    assert await settled(working_shop, order_id) == 2400


async def test_the_same_refund_asked_for_twice_is_one(working_shop: Shop) -> None:
    order_id, refund_id = await paid(working_shop), new_id()
    for _ in range(2):
        await working_shop.dispatch(a_refund(order_id, 500, refund_id), STAFF)
    assert await settled(working_shop, order_id) == 500


async def test_a_full_refund_closes_the_payment_and_tells_it(working_shop: Shop) -> None:
    order_id = await paid(working_shop)
    await working_shop.dispatch(a_refund(order_id, 2500), STAFF)
    assert await settled(working_shop, order_id) == 2500
    status = await working_shop.db.pool.fetchval("SELECT status FROM payments.payments WHERE order_id = $1", order_id)
    assert (status, await working_shop.db.pool.fetchval(TOLD)) == ("REFUNDED", 1)


def some_goods(order_id: UUID, *lines: tuple[str, int]) -> RefundPayment:
    return RefundPayment(order_id=order_id, reason="returned", lines=tuple(RefundLine(*line) for line in lines))


async def test_goods_that_were_not_bought_are_not_refunded_and_nothing_is_claimed(working_shop: Shop) -> None:
    order_id = await paid(working_shop)
    for refused, refund in (
        (UnfitRefund, RefundPayment(order_id=order_id, reason="neither")),
        (UnfitRefund, replace(some_goods(order_id, ("BOOK", 1)), amount=Decimal(1))),
        (UnfitLines, some_goods(order_id, ("LAMP", 1))),
        (UnfitLines, some_goods(order_id, ("BOOK", 0))),
        (RefundedAlready, some_goods(order_id, ("BOOK", 3))),
        (RefundedAlready, some_goods(order_id, ("BOOK", 1), ("BOOK", 2))),
    ):
        with pytest.raises(refused):
            await working_shop.dispatch(refund, STAFF)
    assert await working_shop.db.pool.fetchval("SELECT count(*) FROM payments.refund_line") == 0
    assert await working_shop.db.pool.fetchval("SELECT count(*) FROM payments.refund") == 0


async def test_one_piece_is_refunded_once_however_many_ask_at_once(working_shop: Shop) -> None:
    order_id = await paid(working_shop)
    asked = (working_shop.dispatch(some_goods(order_id, ("BOOK", 1)), STAFF) for _ in range(20))
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one) for one in outcomes].count(RefundedAlready) == 18
    assert await settled(working_shop, order_id) == 2500
