"""An exchange whose order comes to nothing where payments runs apart: all of the money goes back, once, late or not."""

import asyncio
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest

from tests.builders import a_delivery
from tests.comebacks import STAFF, a_delivered_order, comes_to, inspected
from tests.edits import comes_to as order_comes_to
from tests.edits import expire, stock
from tests.remote.test_exchanges_paid_apart import (
    CREDIT,
    PENDING,
    arrived,
    canceled,
    comes_back,
    in_the_warehouse,
    moved,
    nobody_is_asked_here,
    things,
    waits,
)
from tests.remote.test_payments_apart import Apart, apart, disarmed
from tests.remote.test_refunds_apart import a_claim, refunding
from tests.shops import until
from tradewind.app.audit.auditor import audit
from tradewind.contexts.orders.cancel_order.command import NotCancelable
from tradewind.contracts.orders import OrderCancelled
from tradewind.contracts.outcomes import Refused
from tradewind.contracts.payments import Charge, Claimed, Instead, RefundClaim
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.runtime import failpoints

__all__ = ["apart", "disarmed", "nobody_is_asked_here", "refunding", "things"]
pytestmark = pytest.mark.adapter("grpc")

CALLED_OFF = "SELECT called_off FROM payments.payer WHERE id = $1"
AN_HOUR_AGO = "UPDATE runtime.saga SET changed_at = now() - interval '1 h'"
ENDED = "SELECT status FROM orders.orders WHERE id = $1 AND status IN ('PAID', 'CANCELED', 'FAILED')"
HEARD = """
    SELECT EXISTS (SELECT FROM runtime.outbox AS o, runtime.position AS p
                   WHERE o.key = $1 AND o.type = 'ecommerce.order.order.canceled.v1'
                     AND p.subscriber = 'payments.on_order_cancelled'
                     AND (o.stamp, o.position) <= (p.stamp, p.position))
"""


async def test_what_was_called_off_before_it_was_paid_for_is_paid_by_nobody(refunding: Apart) -> None:
    async with refunding.answering():
        order_id, one = await in_the_warehouse(refunding, "PEN")
    other = (await inspected(refunding.orders, one, restocked=1)).replacement_order_id
    await waits(refunding, one.id)
    await canceled(refunding, other)
    async with refunding.answering():
        await order_comes_to(refunding.orders, other, "CANCELED")
        await comes_to(refunding.orders, one.id, "REFUNDED")
        await comes_back(refunding, order_id, ("refund", 1250))
        assert await refunding.wrong() == []
    assert await moved(refunding, other) == []
    assert await stock(refunding.orders, "PEN") == (10, 0)


@pytest.mark.parametrize(
    "place",
    [
        "nowhere",
        "relay.before_commit",
        "relay.after_commit",
        "saga.claim_refund.before_commit",
        "saga.undo_authorize_payment.after_ask",
        "saga.undo_authorize_payment.before_commit",
        "saga.undo_reserve_inventory.before_commit",
        "saga.end.before_commit",
        "saga.send_refund.after_ask",
        "saga.send_refund.before_commit",
    ],
)
async def test_wherever_either_side_breaks_off_while_it_is_called_off_all_of_the_money_is_back_once(
    refunding: Apart, disarmed: None, place: str
) -> None:
    async with refunding.answering():
        order_id, one = await in_the_warehouse(refunding, "PEN")
        refunding.way.open.clear()
        other = (await inspected(refunding.orders, one, restocked=1)).replacement_order_id
        await arrived(refunding, "claim")
        failpoints.arm({place: "raise@1"})
        await canceled(refunding, other)
        refunding.way.open.set()
        await order_comes_to(refunding.orders, other, "CANCELED")
        await comes_to(refunding.orders, one.id, "REFUNDED")

        async def back() -> bool:
            moves = await moved(refunding, order_id)
            return sum(minor for operation, minor in moves if operation == "refund") == 1250

        await until(refunding.payments, back)
        assert await refunding.wrong() == []
    assert failpoints._hits[place] or place == "nowhere", "nothing broke off"
    assert await moved(refunding, other) == []
    assert await stock(refunding.orders, "PEN") == (10, 0)


async def test_goods_whose_time_runs_out_while_payments_is_away_are_free_and_all_of_the_money_goes_back(
    refunding: Apart,
) -> None:
    async with refunding.answering():
        order_id, one = await in_the_warehouse(refunding, "LAMP")
    other = (await inspected(refunding.orders, one, restocked=1)).replacement_order_id
    await waits(refunding, one.id)
    await expire(refunding.orders)
    assert await stock(refunding.orders, "LAMP") == (10, 0)
    async with refunding.answering():
        await order_comes_to(refunding.orders, other, "CANCELED")
        await comes_to(refunding.orders, one.id, "REFUNDED")
        await comes_back(refunding, order_id, ("refund", 1250))
        assert await refunding.wrong() == []
    assert await moved(refunding, other) == []


async def test_where_nobody_knows_any_more_how_it_is_paid_it_runs_out_and_all_of_the_money_goes_back(
    refunding: Apart,
) -> None:
    """Its buyer was forgotten before the parcel was looked into: what had paid for it goes back to the card."""
    async with refunding.answering():
        order_id, one = await in_the_warehouse(refunding, "PEN")
        await refunding.orders.db.pool.execute("UPDATE orders.orders SET payment_method = NULL")
        other = (await inspected(refunding.orders, one, restocked=1)).replacement_order_id
        await comes_to(refunding.orders, one.id, "REFUNDED")
        await expire(refunding.orders)
        await order_comes_to(refunding.orders, other, "CANCELED")
        await comes_back(refunding, order_id, ("refund", 950), ("refund", 300))
        assert await refunding.wrong() == []
    assert await moved(refunding, other) == []


async def test_where_the_difference_is_declined_all_goes_back(refunding: Apart) -> None:
    async with refunding.answering():
        order_id, one = await in_the_warehouse(refunding, "LAMP", method="decline")
        other = (await inspected(refunding.orders, one, restocked=1)).replacement_order_id
        await order_comes_to(refunding.orders, other, "CANCELED")
        await comes_to(refunding.orders, one.id, "REFUNDED")
        await comes_back(refunding, order_id, ("refund", 1250))
        assert await refunding.wrong() == []
    assert await stock(refunding.orders, "LAMP") == (10, 0)


async def late(apart: Apart, monkeypatch: pytest.MonkeyPatch) -> tuple["asyncio.Future[RefundClaim]", asyncio.Event]:
    """The next claim once it is on its way; it arrives when the event is set."""
    sent: asyncio.Future[RefundClaim] = asyncio.get_running_loop().create_future()
    arrives = asyncio.Event()

    async def claim(wish: RefundClaim, call: Any) -> Any:
        if not sent.done():
            sent.set_result(wish)
        await arrives.wait()
        return await apart.way.real.claim(wish, call)

    monkeypatch.setattr(apart.way, "claim", claim, raising=False)
    return sent, arrives


async def heard_off(apart: Apart, order_id: UUID) -> None:
    """Wait until payments has heard that the order is off."""
    await until(apart.orders, lambda: apart.orders.db.pool.fetchval(HEARD, str(order_id)))


async def called_off_on_its_way(apart: Apart, monkeypatch: pytest.MonkeyPatch) -> tuple[UUID, UUID]:
    """A pen for a book, called off while the claim that would pay for it is on its way; the two orders."""
    order_id, one = await in_the_warehouse(apart, "PEN")
    sent, arrives = await late(apart, monkeypatch)
    other = (await inspected(apart.orders, one, restocked=1)).replacement_order_id
    assert (await sent).instead == Instead(other, Money(300, "EUR"))
    await canceled(apart, other)
    await order_comes_to(apart.orders, other, "CANCELED")
    await heard_off(apart, other)
    arrives.set()
    await comes_to(apart.orders, one.id, "REFUNDED")
    return order_id, other


async def test_a_claim_that_is_late_pays_for_nothing_that_was_called_off_meanwhile(
    refunding: Apart, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with refunding.answering():
        order_id, other = await called_off_on_its_way(refunding, monkeypatch)
        await comes_back(refunding, order_id, ("refund", 1250))
        assert await refunding.wrong() == []
    assert await refunding.payments.db.pool.fetchval(CREDIT, other) is None


async def test_a_shop_that_pays_for_what_was_called_off_turns_the_auditor_red(
    refunding: Apart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failpoints, "_PLANTED", frozenset({"called_off_is_credited"}))
    monkeypatch.setattr(failpoints, "_TEST_BUILD", True)
    async with refunding.answering():
        _, other = await called_off_on_its_way(refunding, monkeypatch)
        assert await refunding.payments.db.pool.fetchval(CREDIT, other) == 300
        await until(refunding.payments, lambda: refunding.payments.db.pool.fetchval(PENDING))
        await refunding.orders.db.pool.execute(AN_HOUR_AGO)
        report = await audit(refunding.orders.engines.database_url, refunding.provider.url, settle_s=20.0)
    assert [check.name for check in report.checks if not check.ok] == ["credits"]
    assert "300 in minor units of what others paid for it are not given back" in "".join(report.lines())


async def test_what_was_off_before_anybody_asked_for_its_money_is_remembered_once(apart: Apart) -> None:
    """Goods that are kept elsewhere may be gone before payments has heard of the order at all."""
    gone, line = new_id(), {"reason": "out of stock", "total_amount": Money(300, "EUR").amount, "currency": "EUR"}
    async with apart.answering():
        order_id = await a_delivered_order(apart.orders, "BOOK", 4)
        for _ in range(2):
            async with apart.orders.db.transaction(STAFF) as tx:
                tx.tell(OrderCancelled(order_id=gone, **line), OrderCancelled(order_id=gone, **line))  # type: ignore[arg-type]
        await until(apart.payments, lambda: apart.payments.db.pool.fetchval(CALLED_OFF, gone))
        claim = a_claim(order_id, instead=Instead(gone, Money(300, "EUR")))
        assert await apart.way.claim(claim, STAFF) == Claimed(Money(2500, "EUR"), "PENDING")
        refused = await apart.way.authorize(Charge(gone, Money(300, "EUR"), "simulated:approve"), f"{gone}/a/0", STAFF)
    assert refused == Refused("it was called off")
    assert await apart.payments.db.pool.fetchval(CREDIT, gone) is None


async def test_whatever_is_called_off_whenever_each_buyer_has_the_thing_or_all_of_the_money(refunding: Apart) -> None:
    """Answers are lost, and buyers change their minds as early as they can, once it is claimed, or not at all."""
    async with refunding.answering():
        await a_delivery(refunding.orders, "BOOK", 20)
        pairs = [await in_the_warehouse(refunding, "PEN") for _ in range(6)]
        refunding.way.losses = 3

        async def exchanged(number: int, one: Any) -> UUID:
            other: UUID = (await inspected(refunding.orders, one, restocked=1)).replacement_order_id
            if number % 3 == 1:
                await arrived(refunding, "claim")
            if number % 3 < 2:
                with suppress(NotCancelable):
                    await canceled(refunding, other)
            return other

        others = await asyncio.gather(*(exchanged(number, one) for number, (_, one) in enumerate(pairs)))
        for _, one in pairs:
            await comes_to(refunding.orders, one.id, "REFUNDED")
        for (order_id, _), other in zip(pairs, others, strict=True):
            await has_the_thing_or_the_money(refunding, order_id, other)
        assert await refunding.wrong() == []
    assert [await ended(refunding, other) for other in others[2::3]] == ["PAID", "PAID"]


async def has_the_thing_or_the_money(apart: Apart, order_id: UUID, other: UUID) -> None:
    """Wait until what went out has ended, and all that is owed beside it is back."""

    async def whole() -> bool:
        over = await ended(apart, other)
        moves = await moved(apart, order_id)
        back = sum(minor for operation, minor in moves if operation == "refund")
        return over is not None and back == (950 if over == "PAID" else 1250)

    await until(apart.orders, whole)


async def ended(apart: Apart, order_id: UUID) -> str | None:
    """How an order ended, once it has."""
    status: str | None = await apart.orders.db.pool.fetchval(ENDED, order_id)
    return status
