"""Edits of paid orders where payments is asked in another process: the money is held, and goes once they are true."""

from typing import Any
from uuid import UUID

import pytest

from tests.builders import a_product, seen
from tests.comebacks import STAFF, refunded_by_hand
from tests.edits import comes_to, edit, money, over, stock
from tests.remote.test_payments_apart import Apart, apart, disarmed
from tests.remote.test_refunds_apart import given_back, refunding, refunds
from tests.remote.test_retries_apart import all_refused, behind_our_back
from tests.shops import until
from tradewind.adapters.payments.grpc import PaymentsDidNotAnswer
from tradewind.contexts.orders.edit_order.apart import EDIT_APART
from tradewind.contexts.payments.refund_payment.command import MoneyIsHeld
from tradewind.contracts.inventory import NotEnoughStock
from tradewind.contracts.orders import OrderView
from tradewind.contracts.payments import Claimed, RefundHold
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.runtime import failpoints
from tradewind.runtime.saga import signals
from tradewind.runtime.saga.advance import Retry

__all__ = ["apart", "disarmed", "refunding"]
pytestmark = pytest.mark.adapter("grpc")

HELD = "SELECT count(*) FROM payments.held_refund"
GONE = "UPDATE inventory.inventory_stock SET on_hand = 0 WHERE sku = 'PEN'"
PARKED = "SELECT phase = 'NEEDS_ATTENTION' FROM runtime.saga WHERE id = $1"
WAITED = "SELECT count(*) FROM runtime.saga_journal WHERE saga_id = $1 AND message = 'Waiting'"
BONN = {"country": "DE", "line1": "Am Markt 1", "city": "Bonn", "postal_code": "53111"}
DECLINED = {"PEN": 2, "payment_method": "simulated:decline"}


async def paid(apart: Apart, qty: int = 2) -> UUID:
    """A paid order of books at 12.50; there are pens at 3.00, too."""
    await a_product(apart.orders, "PEN", amount="3.00")
    return (await apart.ended(qty=qty)).id


async def edited(apart: Apart, order_id: UUID, **changes: Any) -> OrderView:
    """The order once an edit of it is over."""
    begun = await edit(apart.orders, order_id, **changes)
    assert begun.edit is not None
    assert begun.edit.status == "PENDING"
    return await over(apart.orders, order_id)


def pieces(order: OrderView) -> dict[str, int]:
    """Of each SKU."""
    return {line.sku: line.qty for line in order.items}


@pytest.mark.parametrize(
    ("changes", "status", "minor", "books", "pens", "back"),
    [
        ({"BOOK": 1}, "DONE", 1250, 9, 10, [("DONE", 1250)]),
        ({"BOOK": 1, "PEN": 1}, "DONE", 1550, 9, 9, [("DONE", 950)]),
        ({"PEN": 2}, "DONE", 3100, 8, 8, []),
        ({"shipping_address": BONN}, "DONE", 2500, 8, 10, []),
        (DECLINED, "REFUSED", 2500, 8, 10, []),
    ],
)
async def test_money_and_goods_are_moved_once_it_is_true_and_else_nothing_is(
    refunding: Apart, changes: dict[str, Any], status: str, minor: int, books: int, pens: int, back: list[Any]
) -> None:
    async with refunding.answering():
        order_id = await paid(refunding)
        order = await edited(refunding, order_id, **changes)
        assert order.edit is not None
        assert order.edit.status == status
        assert await refunding.wrong() == []
    assert await money(refunding.orders, order_id) == minor
    assert (await stock(refunding.orders, "BOOK"), await stock(refunding.orders, "PEN")) == ((books, 0), (pens, 0))
    assert await refunds(refunding, order_id) == back
    assert await refunding.orders.db.pool.fetchval(HELD) == 0


async def test_what_is_gone_by_the_time_that_it_is_held_is_not_sold_and_the_money_is_let_go(refunding: Apart) -> None:
    async with refunding.answering():
        order_id = await paid(refunding)
        with pytest.raises(NotEnoughStock):
            await edit(refunding.orders, order_id, BOOK=0, PEN=99)
        refunding.way.open.clear()
        await edit(refunding.orders, order_id, BOOK=1, PEN=2)
        await until(refunding.orders, lambda: held_by_an_edit(refunding))
        await refunding.orders.db.pool.execute(GONE)  # somebody else has bought them
        refunding.way.open.set()
        order = await over(refunding.orders, order_id)
    assert (order.edit and order.edit.status, order.edit and order.edit.why) == ("REFUSED", "out of stock: PEN")
    assert await refunds(refunding, order_id) == [("REFUSED", 650)]
    assert await given_back(refunding, order_id) == 0
    assert await refunding.orders.db.pool.fetchval(HELD) == 0


async def held_by_an_edit(apart: Apart) -> bool:
    """Whether an order's money is held for one."""
    return bool(await apart.orders.db.pool.fetchval(HELD) == 1)


async def test_edits_one_after_the_other_add_up(refunding: Apart) -> None:
    async with refunding.answering():
        order_id = await paid(refunding, qty=4)
        for books in (3, 2, 4, 1):
            assert (await edited(refunding, order_id, BOOK=books)).edit.status == "DONE"  # type: ignore[union-attr]
        assert await refunding.wrong() == []
    assert await money(refunding.orders, order_id) == 1250
    assert await stock(refunding.orders, "BOOK") == (9, 0)


async def test_answers_that_are_lost_are_asked_for_again_and_nothing_goes_back_twice(refunding: Apart) -> None:
    async with refunding.answering():
        order_id = await paid(refunding)
        refunding.way.losses = 2
        order = await edited(refunding, order_id, BOOK=1)
        assert await refunding.wrong() == []
    assert (order.edit and order.edit.status, pieces(order)) == ("DONE", {"BOOK": 1})
    assert (refunding.way.arrived.count("hold"), refunding.way.arrived.count("send")) == (3, 3)
    assert await given_back(refunding, order_id) == 1


@pytest.mark.parametrize("changes", [{"BOOK": 1}, DECLINED])
@pytest.mark.parametrize(
    "place",
    [
        *(f"payments.{act}.{when}_commit" for act in ("hold", "send", "let_go") for when in ("before", "after")),
        *(f"saga.{step}.after_ask" for step in ("hold_refund", "send_refund", "settle_edit", "undo hold_refund")),
        "saga.commit_edit.before_commit",
    ],
)
async def test_wherever_either_side_breaks_off_it_is_gone_on_with_and_the_money_goes_back_once(
    refunding: Apart, disarmed: None, place: str, changes: dict[str, Any]
) -> None:
    async with refunding.answering():
        order_id = await paid(refunding)
        failpoints.arm({place: "raise@1"})
        order = await edited(refunding, order_id, **changes)
        assert await refunding.wrong() == []
    cheaper = changes != DECLINED
    assert order.edit is not None
    assert (order.edit.status, pieces(order)) == (("DONE", {"BOOK": 1}) if cheaper else ("REFUSED", {"BOOK": 2}))
    assert await refunds(refunding, order_id) == ([("DONE", 1250)] if cheaper else [])
    assert await given_back(refunding, order_id) == int(cheaper)
    assert await refunding.orders.db.pool.fetchval(HELD) == 0


async def test_an_edit_waits_for_payments_that_is_away_and_is_none_the_worse(refunding: Apart) -> None:
    async with refunding.answering():
        order_id = await paid(refunding)
    begun = await edit(refunding.orders, order_id, BOOK=1)
    assert begun.edit is not None
    edit_id = begun.edit.id

    async def waited() -> bool:
        return bool(await refunding.orders.db.pool.fetchval(WAITED, edit_id) >= 3)

    await until(refunding.orders, waited)
    assert pieces(await seen(refunding.orders, order_id)) == {"BOOK": 2}
    async with refunding.answering():
        order = await over(refunding.orders, order_id)
        assert await refunding.wrong() == []
    assert (order.edit and order.edit.status, pieces(order)) == ("DONE", {"BOOK": 1})


async def test_nobody_else_claims_of_an_order_that_is_being_edited(refunding: Apart) -> None:
    async with refunding.answering():
        order_id = await paid(refunding)
        refunding.way.open.clear()
        await edit(refunding.orders, order_id, BOOK=1)
        await until(refunding.orders, lambda: held_by_an_edit(refunding))
        with pytest.raises(MoneyIsHeld):
            await refunded_by_hand(refunding.payments, order_id, 100)
        refunding.way.open.set()
        await over(refunding.orders, order_id)
        await refunded_by_hand(refunding.payments, order_id, 100)
    assert [minor for _, minor in await refunds(refunding, order_id)] == [1250, 100]


async def test_an_order_of_which_others_have_claimed_is_not_edited(refunding: Apart) -> None:
    async with refunding.answering():
        order_id = await paid(refunding)
        await refunded_by_hand(refunding.payments, order_id, 100)
        order = await edited(refunding, order_id, BOOK=1)
        assert order.edit is not None
        assert order.edit.status == "REFUSED"
        assert "some of the order is given back" in (order.edit.why or "")
        await comes_to(refunding.orders, order_id, "PAID")
    assert pieces(order) == {"BOOK": 2}
    assert [minor for _, minor in await refunds(refunding, order_id)] == [100]


async def test_what_the_provider_would_not_give_back_waits_for_a_person_and_is_another_refund_then(
    refunding: Apart,
) -> None:
    async with refunding.answering():
        order_id = await paid(refunding)
        await behind_our_back(refunding, order_id, 2500)
        begun = await edit(refunding.orders, order_id, BOOK=1)
        assert begun.edit is not None
        edit_id = begun.edit.id
        for times in (1, 2):
            await until(refunding.orders, lambda: refunding.orders.db.pool.fetchval(PARKED, edit_id))
            await all_refused(refunding, order_id)
            assert await refunds(refunding, order_id) == [("REFUSED", 1250)] * times
            if times == 1:
                async with refunding.orders.db.transaction(STAFF) as tx:
                    await signals.mend(tx, EDIT_APART, edit_id, Retry())
                    tx.ring()
                await until(refunding.orders, lambda: _went_on(refunding, edit_id))


async def _went_on(apart: Apart, edit_id: UUID) -> bool:
    """Whether it asked for another refund."""
    asked = "SELECT refund_asked LIKE '%/1' FROM orders.edit WHERE id = $1"
    return bool(await apart.orders.db.pool.fetchval(asked, edit_id))


def a_hold(order_id: UUID, minor: int = 1250, **but: Any) -> RefundHold:
    """What an edit would give back."""
    facts: dict[str, Any] = {"refund_id": new_id(), "amount": Money(minor, "EUR"), "reason": "edited"}
    return RefundHold(order_id=order_id, **{**facts, **but})


@pytest.mark.parametrize("minor", [0, 1250])
async def test_what_is_let_go_before_it_was_held_is_never_held(apart: Apart, minor: int) -> None:
    async with apart.answering():
        order_id = await paid(apart)
        wish = a_hold(order_id, minor)
        await apart.way.let_go(wish.refund_id, STAFF)
        assert await apart.way.hold(wish, STAFF) == Claimed(wish.amount, "REFUSED")
    assert await apart.orders.db.pool.fetchval(HELD) == 0
    assert await refunds(apart, order_id) == []


async def test_a_shop_that_forgets_what_was_let_go_would_be_noticed(
    apart: Apart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failpoints, "_PLANTED", frozenset({"let_go_is_forgotten"}))
    monkeypatch.setattr(failpoints, "_TEST_BUILD", True)
    async with apart.answering():
        order_id = await paid(apart)
        wish = a_hold(order_id)
        await apart.way.let_go(wish.refund_id, STAFF)
        assert await apart.way.hold(wish, STAFF) == Claimed(wish.amount, "PENDING")
    assert await apart.orders.db.pool.fetchval(HELD) == 1


@pytest.mark.parametrize("minor", [0, 1250])
async def test_a_hold_that_comes_after_it_was_sent_holds_nothing(apart: Apart, minor: int) -> None:
    async with apart.answering():
        order_id = await paid(apart)
        wish = a_hold(order_id, minor)
        first = await apart.way.hold(wish, STAFF)
        sent = [await apart.way.send(wish.refund_id, STAFF) for _ in range(2)]
        late = await apart.way.hold(wish, STAFF)
        held = await apart.orders.db.pool.fetchval(HELD)
        await apart.way.let_go(wish.refund_id, STAFF)
    assert (late.status, held) == ("PENDING" if minor else "REFUSED", 0)
    assert first == Claimed(wish.amount, "PENDING")
    assert sent == ([first] * 2 if minor else [None] * 2)
    assert await refunds(apart, order_id) == ([("PENDING", 1250)] if minor else [])


async def test_more_than_is_left_or_beside_another_edit_nothing_is_held(apart: Apart) -> None:
    async with apart.answering():
        order_id = await paid(apart)
        too_much = a_hold(order_id, 2600)
        assert await apart.way.hold(too_much, STAFF) == Claimed(too_much.amount, "REFUSED")
        one, other = a_hold(order_id), a_hold(order_id, 0)
        assert await apart.way.hold(one, STAFF) == Claimed(one.amount, "PENDING")
        assert await apart.way.hold(other, STAFF) == Claimed(other.amount, "REFUSED")
        beside = a_hold(order_id, besides=(one.refund_id,))
        assert await apart.way.hold(beside, STAFF) == Claimed(beside.amount, "REFUSED")
        await apart.way.let_go(one.refund_id, STAFF)
        after = a_hold(order_id)
        assert await apart.way.hold(after, STAFF) == Claimed(after.amount, "PENDING")
        with pytest.raises(PaymentsDidNotAnswer, match="NOT_FOUND"):
            await apart.way.hold(a_hold(new_id()), STAFF)
        with pytest.raises(PaymentsDidNotAnswer, match="INVALID_ARGUMENT"):
            await apart.way.hold(a_hold(order_id, -1), STAFF)
