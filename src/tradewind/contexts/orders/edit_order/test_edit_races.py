"""Edits and what else goes on: expiry, cancellation, payment, a provider that goes back on its word."""

import asyncio

import pytest

from tests.builders import a_product, an_ended_order, seen
from tests.comebacks import STAFF, refunded_by_hand
from tests.edits import (
    a_paid_order,
    comes_to,
    dispatch,
    edit,
    expire,
    money,
    over,
    parked,
    stock,
    undone,
    violations,
)
from tests.shops import Shop, a_call, until, working
from tradewind.contexts.orders._domain.edit import EditUnderWay, NotEditable
from tradewind.contexts.orders.cancel_order.command import CancelOrder
from tradewind.contexts.orders.edit_order.saga import EDIT_ORDER
from tradewind.contexts.orders.pay_order.command import PayOrder
from tradewind.contexts.orders.place_order.command import PlaceOrder
from tradewind.contracts.inventory import ReservationEnded
from tradewind.contracts.orders import OrderLine, OrderView
from tradewind.kernel.lifecycle import IllegalMove
from tradewind.runtime.call import internal_call
from tradewind.runtime.saga import signals
from tradewind.runtime.saga.advance import Compensate, Retry
from tradewind.runtime.saga.definition import Local, Task

EVENTS = "SELECT count(*) FROM runtime.outbox"
BOOK = "UPDATE payments.payments SET changed_at = now() WHERE order_id = $1"
BLOCKED = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid)))"


async def test_what_expired_before_the_edit_was_true_leaves_the_order_as_it_was(shop: Shop) -> None:
    async with working(shop):
        order_id = await a_paid_order(shop)
    await edit(shop, order_id, PEN=2)
    await expire(shop)
    assert await stock(shop, "PEN") == (10, 0)
    async with working(shop):
        order = await over(shop, order_id)
        assert order.edit is not None
        assert order.edit.status == "REFUSED"
        assert ([line.sku for line in order.items], await money(shop, order_id)) == (["BOOK"], 2500)
        await dispatch(shop, order_id)
        assert await violations(shop) == []


@pytest.mark.parametrize("edits_before", [0, 1])
async def test_what_is_given_back_is_seen_while_somebody_books_on_the_payment(
    working_shop: Shop, edits_before: int
) -> None:
    """The row that was waited for has changed since the statement began; it was left out once, for how it was found."""
    order_id = await a_paid_order(working_shop)
    for _ in range(edits_before):
        await edit(working_shop, order_id, PEN=3)
        await over(working_shop, order_id)
    pool = working_shop.db.pool
    async with pool.acquire() as other:
        await refunded_by_hand(working_shop, order_id, 100)
        async with other.transaction():
            await other.execute(BOOK, order_id)
            asked = asyncio.create_task(edit(working_shop, order_id, PEN=5))
            await until(working_shop, lambda: pool.fetchval(BLOCKED, other.get_server_pid()))
        with pytest.raises(NotEditable) as refused:
            await asked
    assert refused.value.detail == "Some of it is given back."


async def test_what_is_canceled_paid_or_expired_meanwhile_is_not_changed(shop: Shop) -> None:
    await a_product(shop, "BOOK")
    buyer = a_call("guest", subject="guest-ada")
    placed = [(await shop.dispatch(PlaceOrder(items=(OrderLine(sku="BOOK", qty=1),)), buyer)).id for _ in range(3)]
    await shop.dispatch(CancelOrder(order_id=placed[0]), buyer)
    await shop.dispatch(PayOrder(order_id=placed[1], payment_method="simulated:approve"), buyer)
    for order_id in placed[:2]:
        with pytest.raises(NotEditable):
            await edit(shop, order_id, call=buyer, BOOK=2)
    await shop.db.pool.execute("UPDATE inventory.reservation SET expires_at = now() WHERE order_id = $1", placed[2])
    await expire(shop, due=False)
    with pytest.raises(ReservationEnded):
        await edit(shop, placed[2], call=buyer, BOOK=2)
    assert await shop.db.pool.fetchval("SELECT count(*) FROM orders.edit") == 0


async def test_while_an_order_is_being_placed_it_is_not_changed(shop: Shop) -> None:
    await a_product(shop, "BOOK")
    buyer = a_call("guest", subject="guest-ada")
    paying = PlaceOrder(items=(OrderLine(sku="BOOK", qty=1),), payment_method="simulated:approve")
    placed = await shop.dispatch(paying, buyer)
    with pytest.raises(NotEditable) as refused:
        await edit(shop, placed.id, call=buyer, BOOK=2)
    assert refused.value.facts == {"status": "RESERVED"}


async def test_of_a_dispatch_and_an_edit_at_once_one_is_refused_or_one_comes_first(working_shop: Shop) -> None:
    orders = [await a_paid_order(working_shop)]
    orders += [await an_ended_order(working_shop, "BOOK", qty=1) for _ in range(5)]
    races = [
        one for order_id in orders for one in (edit(working_shop, order_id, PEN=1), dispatch(working_shop, order_id))
    ]
    outcomes = await asyncio.gather(*races, return_exceptions=True)
    for order_id, edited, sent in zip(orders, outcomes[::2], outcomes[1::2], strict=True):
        assert isinstance(edited, NotEditable | OrderView)
        assert sent is None or isinstance(sent, IllegalMove)
        assert isinstance(edited, OrderView) or sent is None, "one of the two was possible"
        if isinstance(edited, OrderView):
            order = await over(working_shop, order_id)
            assert order.edit is not None
            assert order.edit.status == "DONE", "what is held back cannot be dispatched"
    assert await violations(working_shop) == []


async def test_a_capture_that_the_provider_refuses_waits_for_a_person_and_the_parcel_with_it(
    working_shop: Shop,
) -> None:
    order_id = await a_paid_order(working_shop)
    begun = await edit(working_shop, order_id, PEN=2, payment_method="simulated:decline-capture")
    assert begun.edit is not None
    await parked(working_shop, begun.edit.id)
    with pytest.raises(IllegalMove):
        await dispatch(working_shop, order_id)
    with pytest.raises(EditUnderWay):
        await edit(working_shop, order_id, PEN=1)
    assert (await violations(working_shop))[0] == "no saga overdue"
    async with working_shop.db.transaction(STAFF) as tx:
        await signals.mend(tx, EDIT_ORDER, begun.edit.id, Compensate("give up"))
    await parked(working_shop, begun.edit.id)
    order = await seen(working_shop, order_id)
    assert [line.sku for line in order.items] == ["BOOK", "PEN"], "what is true is not undone"
    await undone(working_shop, order_id)
    await comes_to(working_shop, order_id, "CANCELED")
    assert (await money(working_shop, order_id), await stock(working_shop, "PEN")) == (0, (10, 0))


async def test_a_capture_is_asked_for_again_when_a_person_says_so(working_shop: Shop) -> None:
    order_id = await a_paid_order(working_shop)
    begun = await edit(working_shop, order_id, PEN=2, payment_method="simulated:decline-capture")
    assert begun.edit is not None
    await parked(working_shop, begun.edit.id)
    await undone(working_shop, order_id)
    await comes_to(working_shop, order_id, "CANCELED")
    async with working_shop.db.transaction(STAFF) as tx:
        await signals.mend(tx, EDIT_ORDER, begun.edit.id, Retry())
    await over(working_shop, order_id)
    assert await violations(working_shop) == []


async def test_an_edit_hears_that_the_money_is_back_and_does_not_wait_until_it_looks(
    working_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tradewind.contexts.orders.edit_order.saga.REFUND_PATIENCE_S", 3600.0)
    order_id = await a_paid_order(working_shop)
    await edit(working_shop, order_id, BOOK=1)
    order = await over(working_shop, order_id)
    assert order.edit is not None
    assert order.edit.status == "DONE"
    assert await money(working_shop, order_id) == 1250


@pytest.mark.parametrize("step", [step.name for step in EDIT_ORDER.steps if isinstance(step.do, Local)])
async def test_a_local_step_that_runs_again_changes_nothing(working_shop: Shop, step: str) -> None:
    order_id = await a_paid_order(working_shop)
    begun = await edit(working_shop, order_id, PEN=2)
    await over(working_shop, order_id)
    assert begun.edit is not None
    work = next(one.do for one in EDIT_ORDER.steps if one.name == step)
    assert isinstance(work, Local)
    before = await stock(working_shop, "PEN"), await working_shop.db.pool.fetchval(EVENTS)
    async with working_shop.db.transaction(internal_call("again")) as tx:
        await work.run(tx, [Task(begun.edit.id, f"{begun.edit.id}/{step}/0", internal_call("again"))])
    assert (await stock(working_shop, "PEN"), await working_shop.db.pool.fetchval(EVENTS)) == before
    assert await violations(working_shop) == []
