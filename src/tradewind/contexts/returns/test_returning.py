"""Goods that come back: by whom, never twice, restocked and refunded in one transaction, through races and repeats."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from tests.builders import a_product
from tests.comebacks import (
    STAFF,
    a_delivered_order,
    asked,
    comes_to,
    inspected,
    pieces_refunded_by_hand,
    received,
    refunded_by_hand,
)
from tests.shops import Shop, a_call, until
from tradewind.contexts.returns._domain.returned import (
    Line,
    NotReturnable,
    Reason,
    ReturnTooLarge,
    UnfitInspection,
)
from tradewind.contexts.returns._store.returns import NoSuchReturn
from tradewind.contexts.returns.get_return.query import GetReturn, ListReturns
from tradewind.contexts.returns.manifest import (
    ApproveReturn,
    CancelReturn,
    InspectReturn,
    ReceiveReturn,
    RejectReturn,
    RequestReturn,
)
from tradewind.contexts.returns.request_return.command import NoSuchOrder, Wanted
from tradewind.contexts.returns.retry_refund.command import NothingToRetry, RetryRefund
from tradewind.kernel.errors import Conflict, Forbidden
from tradewind.kernel.ids import new_id
from tradewind.kernel.lifecycle import IllegalMove
from tradewind.kernel.money import Money
from tradewind.ports.payment_provider import PaymentProvider

SKU = "BOOK"
RETURNS = "SELECT count(*) FROM returns.returns"
REFUNDS = "SELECT count(*), coalesce(sum(amount_minor), 0) FROM payments.refund WHERE order_id = $1"
REFUNDED = "SELECT refunded_minor FROM payments.payments WHERE order_id = $1"
ON_HAND = "SELECT on_hand FROM inventory.inventory_stock WHERE sku = $1"
TOLD = """
    SELECT array_agg(split_part(type, '.', 4) ORDER BY position) FROM runtime.outbox WHERE key = $1
"""
KEY = "SELECT authorization_key FROM payments.payments WHERE order_id = $1"
REFUSED = "SELECT count(*) FROM payments.refund WHERE order_id = $1 AND status = 'REFUSED'"


async def sold(shop: Shop, qty: int = 4) -> UUID:
    """A delivered order of books at 12.50; six are left on the shelf."""
    await a_product(shop, SKU)
    return await a_delivered_order(shop, SKU, qty)


async def standing(shop: Shop, order_id: UUID) -> tuple[Any, ...]:
    """What of returns, refunds and stock could have been written."""
    pool = shop.db.pool
    return (
        await pool.fetchval(RETURNS),
        tuple(await pool.fetchrow(REFUNDS, order_id)),
        await pool.fetchval(ON_HAND, SKU),
    )


async def test_what_may_not_be_asked_for_is_refused_and_nothing_is_written(working_shop: Shop) -> None:
    order_id = await sold(working_shop)
    before = await standing(working_shop, order_id)

    def wish(of: UUID, qty: int, sku: str = SKU) -> RequestReturn:
        return RequestReturn(order_id=of, lines=(Wanted(sku, qty),), reason=Reason.CHANGED_MIND)

    twice = RequestReturn(order_id=order_id, lines=(Wanted(SKU, 2), Wanted(SKU, 3)), reason=Reason.DAMAGED)
    for refused, asks, call in (
        (NoSuchOrder, wish(new_id(), 1), STAFF),
        (NoSuchOrder, wish(order_id, 1), a_call("customer")),
        (ReturnTooLarge, wish(order_id, 5), STAFF),
        (ReturnTooLarge, wish(order_id, 1, "ANOTHER"), STAFF),
        (ReturnTooLarge, twice, STAFF),
        (Forbidden, wish(order_id, 1), a_call("warehouse")),
    ):
        with pytest.raises(refused):
            await working_shop.dispatch(asks, call)
    await working_shop.db.pool.execute(
        "UPDATE orders.order_status_history SET at = at - interval '31 days' WHERE order_id = $1", order_id
    )
    with pytest.raises(NotReturnable):
        await working_shop.dispatch(wish(order_id, 1), STAFF)
    assert await standing(working_shop, order_id) == before


async def test_of_fifty_who_ask_at_once_for_one_piece_each_only_as_many_get_through_as_were_bought(
    working_shop: Shop,
) -> None:
    order_id = await sold(working_shop, qty=4)
    outcomes = await asyncio.gather(*(asked(working_shop, order_id, SKU, 1) for _ in range(50)), return_exceptions=True)
    assert sum(isinstance(one, ReturnTooLarge) for one in outcomes) == 46
    assert await working_shop.db.pool.fetchval(RETURNS) == 4


async def test_the_race_above_is_lost_where_a_planted_bug_forgets_the_other_returns(
    working_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = await sold(working_shop, qty=1)
    monkeypatch.setattr("tradewind.contexts.returns.request_return.command.planted", lambda _name: True)
    await asyncio.gather(*(asked(working_shop, order_id, SKU, 1) for _ in range(5)))
    assert await working_shop.db.pool.fetchval(RETURNS) == 5, "five pieces of one"


async def test_a_return_is_decided_and_handled_by_those_who_may_and_in_order(working_shop: Shop) -> None:
    order_id = await sold(working_shop)
    one = await asked(working_shop, order_id, SKU, 1)
    before = await standing(working_shop, order_id)
    line = Line(sku=SKU, quantity=1, restocked=1)
    for refused, command, call in (
        (Forbidden, ApproveReturn(return_id=one.id), a_call("customer")),
        (Forbidden, RejectReturn(return_id=one.id, why="worn"), a_call("warehouse")),
        (Forbidden, ReceiveReturn(return_id=one.id), a_call("support")),
        (Forbidden, InspectReturn(return_id=one.id, lines=(line,)), a_call("customer")),
        (NoSuchReturn, CancelReturn(return_id=one.id), a_call("customer")),
        (NoSuchReturn, GetReturn(return_id=one.id), a_call("customer")),
        (NoSuchOrder, ListReturns(order_id=order_id), a_call("customer")),
        (NoSuchReturn, ApproveReturn(return_id=new_id()), STAFF),
        (IllegalMove, ReceiveReturn(return_id=one.id), STAFF),
        (IllegalMove, InspectReturn(return_id=one.id, lines=(line,)), STAFF),
        (NothingToRetry, RetryRefund(return_id=one.id), STAFF),
    ):
        with pytest.raises(refused):
            await working_shop.dispatch(command, call)
    assert await standing(working_shop, order_id) == before
    assert (await working_shop.dispatch(GetReturn(return_id=one.id), STAFF)).status == "REQUESTED"


async def test_an_inspection_that_forgets_a_piece_writes_nothing(working_shop: Shop) -> None:
    order_id = await sold(working_shop)
    one = await received(working_shop, order_id, SKU, 2)
    before = await standing(working_shop, order_id)
    with pytest.raises(UnfitInspection):
        await inspected(working_shop, one, restocked=1)
    assert await standing(working_shop, order_id) == before


async def test_goods_are_back_on_the_shelf_and_the_money_with_the_buyer(working_shop: Shop) -> None:
    order_id = await sold(working_shop)
    one = await received(working_shop, order_id, SKU, 3)
    seen = await inspected(working_shop, one, restocked=1, written_off=1, refused=1)
    assert (seen.status, str(seen.refund_amount)) == ("INSPECTED", "25.00")
    await comes_to(working_shop, one.id, "REFUNDED")
    pool = working_shop.db.pool
    assert (await pool.fetchval(ON_HAND, SKU), await pool.fetchval(REFUNDED, order_id)) == (7, 2500)
    told = await pool.fetchval(TOLD, str(one.id))
    assert told == ["requested", "approved", "received", "inspected", "refunded"]
    again = await asked(working_shop, order_id, SKU, 2)
    assert again.status == "REQUESTED", "the piece that was refused is still the buyer's, and one never came back"


async def test_what_is_inspected_by_many_at_once_is_restocked_and_refunded_once(working_shop: Shop) -> None:
    order_id = await sold(working_shop)
    one = await received(working_shop, order_id, SKU, 2)
    outcomes = await asyncio.gather(
        *(inspected(working_shop, one, restocked=2) for _ in range(10)), return_exceptions=True
    )
    assert sum(isinstance(outcome, IllegalMove) for outcome in outcomes) == 9
    await comes_to(working_shop, one.id, "REFUNDED")
    assert await standing(working_shop, order_id) == (1, (1, 2500), 8)


async def test_two_returns_of_one_order_inspected_at_once_never_pay_more_than_was_paid(working_shop: Shop) -> None:
    order_id = await sold(working_shop)
    await refunded_by_hand(working_shop, order_id, 1000)
    both = [await received(working_shop, order_id, SKU, 2) for _ in range(2)]
    seen = await asyncio.gather(*(inspected(working_shop, one, restocked=2) for one in both))
    for one in both:
        await comes_to(working_shop, one.id, "REFUNDED")
    assert sorted(str(one.refund_amount) for one in seen) == ["15.00", "25.00"], "ten had gone back by hand"
    assert await working_shop.db.pool.fetchval(REFUNDED, order_id) == 5000


async def test_what_was_not_taken_back_is_over_without_any_money(working_shop: Shop) -> None:
    order_id = await sold(working_shop)
    one = await received(working_shop, order_id, SKU, 2)
    seen = await inspected(working_shop, one, refused=2)
    assert (seen.status, seen.refund_amount) == ("REFUNDED", 0)
    assert await standing(working_shop, order_id) == (1, (0, 0), 6)


async def test_a_refund_that_the_provider_refused_is_asked_for_again_as_another(working_shop: Shop) -> None:
    order_id = await sold(working_shop)
    key = await working_shop.db.pool.fetchval(KEY, order_id)
    provider: PaymentProvider = working_shop.db.peers[PaymentProvider]  # type: ignore[assignment]
    await provider.refund(key, Money(5000, "EUR"), "behind the back of the shop")
    one = await received(working_shop, order_id, SKU, 1)
    await inspected(working_shop, one, restocked=1)

    async def times_refused(times: int) -> bool:
        return bool(await working_shop.db.pool.fetchval(REFUSED, order_id) == times)

    await until(working_shop, lambda: times_refused(1))
    again = await working_shop.dispatch(RetryRefund(return_id=one.id), STAFF)
    assert again.status == "INSPECTED", "nobody says that the buyer has money that they have not"
    await until(working_shop, lambda: times_refused(2))
    assert await working_shop.db.pool.fetchval(REFUNDED, order_id) == 0


async def test_a_piece_that_was_refunded_by_its_line_brings_nothing_when_it_comes_back(working_shop: Shop) -> None:
    order_id = await sold(working_shop, 3)
    await pieces_refunded_by_hand(working_shop, order_id, SKU, 2)
    one = await received(working_shop, order_id, SKU, 3)
    seen = await inspected(working_shop, one, restocked=3)
    assert str(seen.refund_amount) == "12.50", "the third piece alone"
    await comes_to(working_shop, one.id, "REFUNDED")
    with pytest.raises(Conflict):
        await pieces_refunded_by_hand(working_shop, order_id, SKU, 1)
    assert (await standing(working_shop, order_id))[1] == (2, 3750)


async def test_a_refund_that_is_on_its_way_or_done_is_not_asked_for_again(working_shop: Shop) -> None:
    order_id = await sold(working_shop)
    one = await received(working_shop, order_id, SKU, 1)
    await inspected(working_shop, one, restocked=1)
    await comes_to(working_shop, one.id, "REFUNDED")
    with pytest.raises(NothingToRetry):
        await working_shop.dispatch(RetryRefund(return_id=one.id), STAFF)
    assert await standing(working_shop, order_id) == (1, (1, 1250), 7)


async def test_a_buyer_calls_a_return_off_until_the_parcel_is_here(working_shop: Shop) -> None:
    order_id = await sold(working_shop)
    one = await asked(working_shop, order_id, SKU, 4)
    owner = await working_shop.db.pool.fetchval("SELECT user_id FROM orders.orders WHERE id = $1", order_id)
    buyer = a_call("customer", subject=owner)
    assert (await working_shop.dispatch(CancelReturn(return_id=one.id), buyer)).status == "CANCELED"
    again = await received(working_shop, order_id, SKU, 4)
    with pytest.raises(IllegalMove):
        await working_shop.dispatch(CancelReturn(return_id=again.id), buyer)
    listed = await working_shop.dispatch(ListReturns(order_id=order_id), buyer)
    assert [found.status for found in listed.items] == ["CANCELED", "RECEIVED"]
