"""What goes back for returns is claimed of payments in another process: once, and no more than was paid."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from tests.comebacks import (
    STAFF,
    a_delivered_order,
    comes_to,
    inspected,
    pieces_refunded_by_hand,
    received,
    refunded_by_hand,
)
from tests.remote.conftest import a_token
from tests.remote.test_payments_apart import Apart, apart, disarmed
from tests.shops import open_shop, until, working
from tradewind.adapters.payments.grpc import PaymentsDidNotAnswer, grpc_payments
from tradewind.app.audit.auditor import audit
from tradewind.contexts.payments.manifest import MANIFEST
from tradewind.contexts.returns._subscribers.on_payment_refund_failed import on_payment_refund_failed
from tradewind.contexts.returns._subscribers.on_payment_refunded import on_payment_refunded
from tradewind.contexts.returns.get_return.query import GetReturn
from tradewind.contracts.orders import BoughtLine, Sold
from tradewind.contracts.payments import Claimed, PaymentRefunded, PaymentRefundFailed, RefundClaim
from tradewind.kernel.ids import new_id
from tradewind.kernel.lifecycle import IllegalMove
from tradewind.kernel.money import Money
from tradewind.runtime import failpoints
from tradewind.runtime.saga.runner import Runner

__all__ = ["apart", "disarmed"]
pytestmark = pytest.mark.adapter("grpc")

REFUNDS = "SELECT status, amount_minor FROM payments.refund WHERE order_id = $1 ORDER BY created_at"
TOLD = "SELECT array_agg(split_part(type, '.', 4) ORDER BY position) FROM runtime.outbox WHERE key = $1"
BACK = "SELECT back_minor FROM returns.returns WHERE id = $1"
WAITED = "SELECT count(*) FROM runtime.saga_journal WHERE saga_id = $1 AND message = 'Waiting'"
ON_HAND = "SELECT on_hand FROM inventory.inventory_stock WHERE sku = 'BOOK'"
ASKED = ["requested", "approved", "received"]


@pytest_asyncio.fixture
async def refunding(apart: Apart) -> AsyncIterator[Apart]:
    """Payments carries its own sagas: those that ask the provider for refunds."""
    shop, stop = apart.payments, asyncio.Event()
    runner = Runner(shop.db, MANIFEST.sagas, shop.bell, lease_s=shop.settings.saga_lease_s)
    carrying = asyncio.gather(runner.run(stop), shop.bell.ring_out(stop))
    yield apart
    stop.set()
    await carrying


async def refunds(apart: Apart, order_id: UUID) -> list[tuple[str, int]]:
    """Those of an order, as payments has them."""
    return [tuple(row) for row in await apart.payments.db.pool.fetch(REFUNDS, order_id)]


async def given_back(apart: Apart, order_id: UUID) -> int:
    """How often the provider gave something back for it, by its own books."""
    lines = await apart.provider.ledger(str(order_id))
    return sum(line.operation == "refund" and line.outcome == "approved" for line in lines)


async def told(apart: Apart, return_id: UUID) -> list[str]:
    """What was told of a return."""
    found: list[str] = await apart.orders.db.pool.fetchval(TOLD, str(return_id))
    return found


async def in_the_warehouse(apart: Apart, qty: int = 4, back: int = 2) -> tuple[UUID, Any]:
    """A delivered order of books at 12.50, and a return of so many of them whose parcel is here."""
    order_id = await a_delivered_order(apart.orders, "BOOK", qty)
    return order_id, await received(apart.orders, order_id, "BOOK", back)


async def test_what_goes_back_is_claimed_there_and_told_when_it_is_known(refunding: Apart) -> None:
    async with refunding.answering():
        order_id, one = await in_the_warehouse(refunding)
        refunding.way.open.clear()
        seen = await inspected(refunding.orders, one, restocked=1, written_off=1)
        with pytest.raises(IllegalMove):
            await inspected(refunding.orders, one, restocked=2)
        asking = await refunding.orders.dispatch(GetReturn(return_id=one.id), STAFF)
        refunding.way.open.set()
        await comes_to(refunding.orders, one.id, "REFUNDED")
    assert (seen.status, asking.status, asking.refund_amount) == ("RECEIVED", "RECEIVED", 0)
    assert (asking.lines[0].restocked, asking.lines[0].written_off) == (1, 1)
    over = await refunding.orders.dispatch(GetReturn(return_id=one.id), STAFF)
    assert str(over.refund_amount) == "25.00"
    assert await told(refunding, one.id) == [*ASKED, "inspected", "refunded"]
    assert await refunds(refunding, order_id) == [("DONE", 2500)]
    assert await refunding.orders.db.pool.fetchval(ON_HAND) == 7
    assert await refunding.wrong() == []


async def test_an_inspection_whose_refund_is_asked_for_is_nothing_wrong(apart: Apart) -> None:
    """Nobody answers: the goods are on the shelf, and what goes back is not known yet."""
    async with apart.answering():
        _, one = await in_the_warehouse(apart)
    await inspected(apart.orders, one, restocked=2)
    report = await audit(apart.orders.engines.database_url, apart.provider.url, settle_s=0.5)
    assert [line for line in report.lines() if "return" in line] == []


async def test_answers_that_are_lost_are_asked_for_again_and_nothing_goes_back_twice(refunding: Apart) -> None:
    async with refunding.answering():
        order_id, one = await in_the_warehouse(refunding)
        refunding.way.losses = 2
        await inspected(refunding.orders, one, restocked=2)
        await comes_to(refunding.orders, one.id, "REFUNDED")
    assert refunding.way.arrived.count("claim") == 3
    assert await refunds(refunding, order_id) == [("DONE", 2500)]
    assert await given_back(refunding, order_id) == 1
    assert await refunding.wrong() == []


@pytest.mark.parametrize(
    "place",
    [
        "payments.claim.before_commit",
        "payments.claim.after_commit",
        "saga.claim_refund.after_ask",
        "saga.claim_refund.before_commit",
        "saga.send_refund.after_ask",
    ],
)
@pytest.mark.parametrize("hit", [1, 2])
async def test_wherever_either_side_breaks_off_it_is_gone_on_with_and_the_money_goes_back_once(
    refunding: Apart, disarmed: None, place: str, hit: int
) -> None:
    async with refunding.answering():
        order_id, one = await in_the_warehouse(refunding)
        failpoints.arm({place: f"raise@{hit}"})
        await inspected(refunding.orders, one, restocked=2)
        await comes_to(refunding.orders, one.id, "REFUNDED")
    assert await refunds(refunding, order_id) == [("DONE", 2500)]
    assert await given_back(refunding, order_id) == 1
    assert await told(refunding, one.id) == [*ASKED, "inspected", "refunded"]
    assert await refunding.wrong() == []


async def test_a_return_waits_for_payments_that_is_away_and_is_none_the_worse(refunding: Apart) -> None:
    async with refunding.answering():
        order_id, one = await in_the_warehouse(refunding)
    await inspected(refunding.orders, one, restocked=2)

    async def waited() -> bool:
        return bool(await refunding.orders.db.pool.fetchval(WAITED, one.id) >= 3)

    await until(refunding.orders, waited)
    async with refunding.answering():
        await comes_to(refunding.orders, one.id, "REFUNDED")
    assert await refunds(refunding, order_id) == [("DONE", 2500)]
    assert await refunding.wrong() == []


async def test_money_that_is_back_before_anybody_knows_how_much_it_is_counts(refunding: Apart) -> None:
    async with refunding.answering():
        _, one = await in_the_warehouse(refunding)
        refunding.way.open.clear()
        await inspected(refunding.orders, one, restocked=2)

        async def heard() -> bool:
            return bool(await refunding.orders.db.pool.fetchval(BACK, one.id) == 2500)

        await until(refunding.orders, heard)
        assert await told(refunding, one.id) == ASKED
        refunding.way.open.set()
        await comes_to(refunding.orders, one.id, "REFUNDED")
    assert await told(refunding, one.id) == [*ASKED, "inspected", "refunded"]
    assert await refunding.wrong() == []


async def test_no_more_goes_back_than_is_left_of_what_was_paid(refunding: Apart) -> None:
    async with refunding.answering():
        order_id, one = await in_the_warehouse(refunding)
        await refunded_by_hand(refunding.payments, order_id, 4000)
        await inspected(refunding.orders, one, restocked=2)
        await comes_to(refunding.orders, one.id, "REFUNDED")
    over = await refunding.orders.dispatch(GetReturn(return_id=one.id), STAFF)
    assert str(over.refund_amount) == "10.00"
    assert sorted(await refunds(refunding, order_id)) == [("DONE", 1000), ("DONE", 4000)]


async def test_pieces_that_were_refunded_before_bring_nothing(refunding: Apart) -> None:
    async with refunding.answering():
        order_id, one = await in_the_warehouse(refunding, qty=3, back=3)
        await pieces_refunded_by_hand(refunding.payments, order_id, "BOOK", 2)
        await inspected(refunding.orders, one, restocked=3)
        await comes_to(refunding.orders, one.id, "REFUNDED")
    assert sorted(await refunds(refunding, order_id)) == [("DONE", 1250), ("DONE", 2500)]
    assert await refunding.wrong() == []


async def test_what_was_not_taken_back_asks_for_nothing(apart: Apart) -> None:
    async with apart.answering():
        _, one = await in_the_warehouse(apart)
        seen = await inspected(apart.orders, one, refused=2)
    assert (seen.status, seen.refund_amount) == ("REFUNDED", 0)
    assert "claim" not in apart.way.arrived


def a_claim(order_id: UUID, **but: Any) -> RefundClaim:
    """Two of four books at 12.50."""
    line = BoughtLine(sku="BOOK", product_id=None, quantity=4, unit_price=Money(1250, "EUR"))
    none = Money(0, "EUR")
    sold = Sold(lines=(line,), items=Money(5000, "EUR"), tax=none, discount=none)
    facts: dict[str, Any] = {"refund_id": new_id(), "pieces": {"BOOK": 2}, "sold": sold, "reason": "returned"}
    return RefundClaim(order_id=order_id, **{**facts, **but})


async def claimed_twice(apart: Apart) -> list[int]:
    """What a claim comes to while everything is promised back otherwise, and after the provider refused that."""
    order_id = await a_delivered_order(apart.orders, "BOOK", 4)
    await refunded_by_hand(apart.payments, order_id, 5000)
    claim = a_claim(order_id)
    first = await apart.way.claim(claim, STAFF)
    await apart.payments.db.pool.execute("UPDATE payments.refund SET status = 'REFUSED' WHERE order_id = $1", order_id)
    again = await apart.way.claim(claim, STAFF)
    return [first.amount.minor, again.amount.minor]


async def test_a_claim_that_came_to_nothing_comes_to_nothing_however_late_it_is_repeated(apart: Apart) -> None:
    async with apart.answering():
        assert await claimed_twice(apart) == [0, 0]


async def test_a_shop_that_forgets_what_came_to_nothing_would_be_noticed(
    apart: Apart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failpoints, "_PLANTED", frozenset({"nothing_is_forgotten"}))
    monkeypatch.setattr(failpoints, "_TEST_BUILD", True)
    async with apart.answering():
        assert await claimed_twice(apart) == [0, 2500]


async def test_what_is_not_the_whole_is_refused_for_good(refunding: Apart) -> None:
    async with refunding.answering():
        order_id = await a_delivered_order(refunding.orders, "BOOK", 4)
        await refunded_by_hand(refunding.payments, order_id, 4000)
        claim = a_claim(order_id, whole=Money(2500, "EUR"))
        answers = [await refunding.way.claim(claim, STAFF) for _ in range(2)]
        stands = await refunding.way.standing(claim.refund_id, STAFF)
    assert {*answers, stands} == {Claimed(Money(2500, "EUR"), "REFUSED")}
    assert (await refunds(refunding, order_id))[1:] == [("REFUSED", 2500)]
    assert await refunding.wrong() == []


@pytest.mark.parametrize("heard", [(1, 1, -1, 1), (1, -1, 1, 1), (-1, 1, 1, 1)])
async def test_in_whichever_sequence_parts_of_a_refund_are_heard_of_the_sum_counts(
    apart: Apart, heard: tuple[int, ...]
) -> None:
    """Of two parts one comes, fails, and is asked for anew: 12.50 each."""
    async with apart.answering():
        order_id, one = await in_the_warehouse(apart)
        await inspected(apart.orders, one, restocked=2)
        await comes_to(apart.orders, one.id, "INSPECTED")
    refund_id = await apart.orders.db.pool.fetchval("SELECT refund_id FROM returns.returns WHERE id = $1", one.id)
    facts: dict[str, Any] = {"order_id": order_id, "payment_id": new_id(), "currency": "EUR", "reason": "returned"}
    facts |= {"amount": Money(1250, "EUR").amount, "refund_id": refund_id}
    for sign in heard:
        async with apart.orders.db.transaction(STAFF) as tx:
            if sign > 0:
                await on_payment_refunded.react([PaymentRefunded(**facts)], tx)
            else:
                await on_payment_refund_failed.react([PaymentRefundFailed(**facts)], tx)
    seen = await apart.orders.dispatch(GetReturn(return_id=one.id), STAFF)
    assert seen.status == "REFUNDED"


async def test_a_return_that_was_asking_is_settled_where_payments_is_in_the_same_process_again(
    apart: Apart, own_engines: Any
) -> None:
    async with apart.answering():
        order_id, one = await in_the_warehouse(apart)
    await inspected(apart.orders, one, restocked=2)
    shop = apart.payments
    async with open_shop(shop.settings, shop.engines, connections=8) as whole, working(whole):
        await comes_to(whole, one.id, "REFUNDED")
    assert await refunds(apart, order_id) == [("DONE", 2500)]
    assert await apart.wrong() == []


async def test_only_who_may_carry_money_may_claim_it_and_only_of_what_was_paid(apart: Apart) -> None:
    async with apart.answering():
        order_id = await a_delivered_order(apart.orders, "BOOK", 4)
        async with grpc_payments(f"127.0.0.1:{apart.port}", lambda: a_token(apart.payments)) as stranger:
            for asked in (
                stranger.claim(a_claim(order_id), STAFF),
                stranger.ask_again(order_id, new_id(), STAFF),
                stranger.standing(new_id(), STAFF),
            ):
                with pytest.raises(PaymentsDidNotAnswer, match="PERMISSION_DENIED"):
                    await asked
        unfits: list[dict[str, Any]] = [{"pieces": {}}, {"pieces": {"BOOK": 0}}, {"whole": Money(-1, "EUR")}]
        for unfit in unfits:
            with pytest.raises(PaymentsDidNotAnswer, match="INVALID_ARGUMENT"):
                await apart.way.claim(a_claim(order_id, **unfit), STAFF)
        with pytest.raises(PaymentsDidNotAnswer, match="NOT_FOUND"):
            await apart.way.claim(a_claim(new_id()), STAFF)
        assert await apart.way.standing(new_id(), STAFF) is None
    assert await refunds(apart, order_id) == []
