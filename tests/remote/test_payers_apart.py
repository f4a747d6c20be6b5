"""Whoever meets over an order's money in two databases comes to one end: captures by hand, voids, parcels, notices."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from tests.challenges import answer
from tests.comebacks import SHIPMENT
from tests.held import asked, captures, comes_to, held, placed
from tests.remote.test_payments_apart import STAFF, STANDS, Apart, apart, disarmed
from tests.shops import a_call, until
from tradewind.adapters.payments.grpc import PaymentsDidNotAnswer
from tradewind.contexts.orders.cancel_order.command import CancelOrder
from tradewind.contexts.orders.get_order.query import GetOrder
from tradewind.contexts.orders.manifest import OrderLine, PlaceOrder
from tradewind.contexts.orders.verify_payment.command import VerifyPayment
from tradewind.contexts.orders.void_order.command import NotVoidable, VoidOrder
from tradewind.contexts.payments._subscribers.on_shipment_dispatched import on_shipment_dispatched
from tradewind.contexts.payments.capture_payment.command import CapturePayment, NotCapturable
from tradewind.contexts.payments.carry_step.command import CarryStep, Kind, OpenStep
from tradewind.contexts.payments.refund_payment.sources import NoSuchPayment
from tradewind.contexts.payments.take_notice.test_take_notice import a_notice
from tradewind.contexts.shipping.manifest import DispatchShipment
from tradewind.contracts.shipping import ShipmentDispatched
from tradewind.kernel.cards import CardNumberRefused
from tradewind.kernel.errors import Forbidden, NotFound
from tradewind.kernel.ids import new_id
from tradewind.runtime import failpoints

__all__ = ["apart", "disarmed"]
pytestmark = pytest.mark.adapter("grpc")

HINTED = "SELECT count(*) FROM runtime.outbox WHERE type = 'ecommerce.payment.payer.hinted.v1' AND key = $1"
HEARD = """
    SELECT bool_and((p.stamp, p.position) >= (o.stamp, o.position))
    FROM runtime.outbox AS o JOIN runtime.position AS p ON p.subscriber = 'orders.on_payer_hinted'
    WHERE o.type = 'ecommerce.payment.payer.hinted.v1' AND o.key = $1
"""
ASLEEP = "SELECT due_at > now() + interval '1 hour' FROM runtime.saga WHERE id = $1"
SETTLED = "SELECT lease_until = '-infinity' FROM runtime.saga WHERE id = $1"
TO_CAPTURE = "SELECT to_capture_minor FROM payments.payments WHERE order_id = $1"
KEPT = "SELECT count(*) FROM orders.next_action"
CHALLENGE = "simulated:challenge"


def plant(monkeypatch: pytest.MonkeyPatch, bug: str) -> None:
    monkeypatch.setattr(failpoints, "_PLANTED", frozenset({bug}))
    monkeypatch.setattr(failpoints, "_TEST_BUILD", True)


async def moved(apart: Apart, order_id: UUID) -> dict[str, int]:
    """How often the provider took something for it and gave it back, by its own books."""
    lines = await apart.provider.ledger(str(order_id))
    done = [line.operation for line in lines if line.outcome == "approved"]
    return {name: done.count(name) for name in ("capture", "refund", "void") if name in done}


async def capture(apart: Apart, order_id: UUID, amount: Any = None) -> Any:
    return await apart.payments.dispatch(CapturePayment(order_id=order_id, amount=amount), STAFF)


async def void(apart: Apart, order_id: UUID) -> Any:
    return await apart.orders.dispatch(VoidOrder(order_id=order_id), STAFF)


async def dispatched(apart: Apart, order_id: UUID) -> None:
    shipment_id = await apart.orders.db.pool.fetchval(SHIPMENT, order_id)
    await apart.orders.dispatch(DispatchShipment(shipment_id=shipment_id), STAFF)


async def captured_while_asking(apart: Apart) -> UUID:
    """A capture by hand that comes after payments has said that nobody wants it yet, and before orders has heard so."""
    order_id = await placed(apart.orders, "BOOK", by_hand=True)
    await until(apart.orders, lambda: has_answered(apart, "authorize"))
    apart.way.calm.clear()
    await until(apart.orders, lambda: has_answered(apart, "capture"))
    await capture(apart, order_id)
    await until(apart.orders, lambda: apart.orders.db.pool.fetchval(HEARD, str(order_id)))
    apart.way.calm.set()
    await until(apart.orders, lambda: apart.orders.db.pool.fetchval(SETTLED, order_id))
    return order_id


async def has_answered(apart: Apart, name: str) -> bool:
    return name in apart.way.answered


async def test_a_capture_that_is_asked_for_between_an_answer_and_its_booking_is_not_slept_over(apart: Apart) -> None:
    async with apart.answering():
        order_id = await captured_while_asking(apart)
        assert await comes_to(apart.orders, order_id, "PAID") == "PAID"
        assert await apart.wrong() == []
    assert await moved(apart, order_id) == {"capture": 1}


async def test_a_shop_that_misses_hints_while_it_asks_would_be_noticed(
    apart: Apart, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, "hint_while_asking_is_missed")
    async with apart.answering():
        order_id = await captured_while_asking(apart)
    assert await apart.orders.db.pool.fetchval(ASLEEP, order_id)
    assert await moved(apart, order_id) == {}


async def test_a_parcel_that_leaves_has_all_captured_once_and_a_part_that_was_asked_for_stays_a_part(
    apart: Apart,
) -> None:
    async with apart.answering():
        whole, part = [await held(apart.orders, "BOOK") for _ in range(2)]
        await capture(apart, part, 5)
        for order_id in (whole, part):
            await dispatched(apart, order_id)
            assert await comes_to(apart.orders, order_id, "PAID") == "PAID"
            assert (await moved(apart, order_id))["capture"] == 1
        assert await apart.wrong() == []
    taken = "SELECT captured_minor FROM payments.payments WHERE order_id = $1"
    assert [await apart.payments.db.pool.fetchval(taken, one) for one in (whole, part)] == [1250, 500]


async def test_whatever_races_over_what_is_held_comes_to_one_end(apart: Apart) -> None:
    async with apart.answering():
        orders = [await held(apart.orders, "BOOK") for _ in range(6)]
        wishes: list[Any] = []
        for number, one in enumerate(orders):
            notice = apart.payments.dispatch(a_notice(apart.payments, f"{one}/authorize_payment/0"), STAFF)
            canceled = apart.orders.dispatch(CancelOrder(order_id=one), STAFF)
            both = [capture(apart, one), void(apart, one)]
            wishes += [*(both if number % 2 else reversed(both)), notice, canceled]
        await asyncio.gather(*wishes, return_exceptions=True)
        ends = [await comes_to(apart.orders, one, "PAID", "CANCELED") for one in orders]
        assert await apart.wrong() == []
    for order_id, end in zip(orders, ends, strict=True):
        money = await moved(apart, order_id)
        assert money.get("capture", 0) - money.get("refund", 0) == (1 if end == "PAID" else 0)
        stands = await apart.payments.db.pool.fetchval(STANDS, order_id)
        assert stands in (["CAPTURED"] if end == "PAID" else ["VOIDED", "REFUNDED"])


async def test_a_void_after_which_somebody_captures_gives_back_or_lets_go_of_everything(apart: Apart) -> None:
    """Payments has said that it is only held; before orders acts on that, somebody has it captured."""
    async with apart.answering():
        order_id = await held(apart.orders, "BOOK")
        apart.way.then["only_held"] = lambda: capture(apart, order_id)
        await void(apart, order_id)
        assert await comes_to(apart.orders, order_id, "CANCELED") == "CANCELED"
        assert await apart.wrong() == []
    money = await moved(apart, order_id)
    assert money.get("capture", 0) == money.get("refund", 0)
    assert await apart.payments.db.pool.fetchval(STANDS, order_id) in ("VOIDED", "REFUNDED")


async def test_a_void_of_what_was_taken_and_is_not_heard_of_yet_gives_it_back(apart: Apart) -> None:
    async with apart.answering():
        order_id = await held(apart.orders, "BOOK")

        async def take() -> None:
            apart.way.open.clear()
            await capture(apart, order_id)
            await until(apart.orders, taken)

        async def taken() -> bool:
            return "capture" in apart.way.arrived

        apart.way.then["only_held"] = take
        voiding = asyncio.create_task(void(apart, order_id))
        await until(apart.orders, taken)
        apart.way.open.set()
        await asyncio.wait([voiding])
        end = await comes_to(apart.orders, order_id, "CANCELED", "PAID")
        assert await apart.wrong() == []
    assert await moved(apart, order_id) == ({"capture": 1} if end == "PAID" else {"capture": 1, "refund": 1})


async def test_a_void_that_hears_too_late_that_it_is_paid_is_refused(apart: Apart) -> None:
    async with apart.answering():
        order_id = await held(apart.orders, "BOOK")

        async def pay() -> None:
            await capture(apart, order_id)
            await comes_to(apart.orders, order_id, "PAID")

        apart.way.then["only_held"] = pay
        with pytest.raises(NotVoidable):
            await void(apart, order_id)
        with pytest.raises(NotVoidable):
            await void(apart, order_id)
    assert await moved(apart, order_id) == {"capture": 1}


async def test_a_void_that_nobody_can_be_asked_about_changes_nothing_and_can_be_asked_for_again(
    apart: Apart, disarmed: None
) -> None:
    async with apart.answering():
        order_id = await held(apart.orders, "BOOK")
    with pytest.raises(PaymentsDidNotAnswer):
        await void(apart, order_id)
    async with apart.answering():
        await until(apart.orders, lambda: is_there(apart, order_id))
        failpoints.arm({"orders.void.asked": "raise"})
        with pytest.raises(failpoints.FailpointHit):
            await void(apart, order_id)
        assert await apart.orders.db.pool.fetchval("SELECT status FROM orders.orders") == "CONFIRMED"
        await void(apart, order_id)
        assert await comes_to(apart.orders, order_id, "CANCELED") == "CANCELED"
        assert await apart.wrong() == []
    assert await moved(apart, order_id) == {"void": 1}


async def test_a_void_is_answered_again_under_its_key_whatever_is_said_by_then(apart: Apart) -> None:
    call = a_call("admin", subject="staff", key="once")
    async with apart.answering():
        order_id = await held(apart.orders, "BOOK")
        command = VoidOrder(order_id=order_id)
        first = await apart.orders.dispatch(command, call)
        assert await comes_to(apart.orders, order_id, "CANCELED") == "CANCELED"
        assert await apart.orders.dispatch(command, call) == first
        with pytest.raises(NotVoidable):
            await void(apart, order_id)
    assert await moved(apart, order_id) == {"void": 1}


async def test_nobody_is_asked_about_a_void_of_who_may_not_void(apart: Apart) -> None:
    with pytest.raises(Forbidden):
        await apart.orders.dispatch(VoidOrder(order_id=new_id()), a_call("customer"))
    assert apart.way.answered == []


async def is_there(apart: Apart, order_id: UUID) -> bool:
    """Whether payments is asked and answers again."""
    try:
        return bool(await apart.way.only_held(order_id, STAFF))
    except PaymentsDidNotAnswer:
        return False


async def being_called_off(apart: Apart) -> UUID:
    """An order whose cancel is written down over there, while the provider has not been asked yet."""
    async with apart.answering():
        order_id = await held(apart.orders, "BOOK")
    off = CarryStep(kind=Kind.CANCEL, payer_id=order_id, key=f"{order_id}/undo/0")
    await apart.payments.dispatch(OpenStep(step=off), STAFF)
    return order_id


async def leaves(apart: Apart, order_id: UUID) -> None:
    """It is heard over there that its parcel has left."""
    left = ShipmentDispatched(order_id=order_id, shipment_id=new_id(), tracking_number="T1")
    async with apart.payments.db.transaction(STAFF) as tx:
        await on_shipment_dispatched.react([left], tx)


async def test_nobody_has_captured_what_is_just_being_let_go(apart: Apart) -> None:
    order_id = await being_called_off(apart)
    with pytest.raises(NotCapturable):
        await capture(apart, order_id)
    await leaves(apart, order_id)
    assert await apart.payments.db.pool.fetchval(TO_CAPTURE, order_id) is None
    assert await apart.payments.db.pool.fetchval(HINTED, str(order_id)) == 0


async def test_a_shop_that_captures_what_was_called_off_would_be_noticed(
    apart: Apart, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = await being_called_off(apart)
    plant(monkeypatch, "called_off_is_forgotten")
    await leaves(apart, order_id)
    assert await apart.payments.db.pool.fetchval(TO_CAPTURE, order_id) == 1250


async def test_who_never_asked_for_money_is_no_payer_and_nothing_is_told_of_them(apart: Apart) -> None:
    stranger = new_id()
    await apart.payments.dispatch(a_notice(apart.payments, f"{stranger}/authorize_payment/0"), STAFF)
    with pytest.raises(NoSuchPayment):
        await capture(apart, stranger)
    assert await apart.payments.db.pool.fetchval(HINTED, str(stranger)) == 0
    assert await apart.payments.db.pool.fetchval("SELECT count(*) FROM payments.payer") == 0


async def test_a_notice_has_the_saga_of_another_database_ask_again(apart: Apart) -> None:
    async with apart.answering():
        order_id = await placed(apart.orders, "BOOK", CHALLENGE)
        await answer(await asked(apart.orders, order_id), "confirm")
        await apart.payments.dispatch(a_notice(apart.payments, f"{order_id}/authorize_payment/0"), STAFF)
        assert await comes_to(apart.orders, order_id, "PAID", "CANCELED", "FAILED") == "PAID"
    assert await apart.payments.db.pool.fetchval(HINTED, str(order_id)) == 1
    assert await moved(apart, order_id) == {"capture": 1}


async def challenged(apart: Apart, buyer: Any, method: str = CHALLENGE) -> tuple[UUID, str]:
    """An order that waits for its buyer, and where they are sent."""
    items, address = (OrderLine(sku="BOOK", qty=1),), {"country": "DE"}
    placing = PlaceOrder(items=items, payment_method=method, shipping_address=address)
    order_id: UUID = (await apart.orders.dispatch(placing, buyer)).id

    async def sent() -> Any:
        shown = (await apart.orders.dispatch(GetOrder(order_id=order_id), buyer)).next_action
        return shown and shown.url

    return order_id, await until(apart.orders, sent)


@pytest.mark.parametrize(("word", "status"), [("confirm", "PAID"), ("fail", "CANCELED")])
async def test_a_buyer_sees_where_they_must_go_for_as_long_as_their_order_waits_for_that(
    apart: Apart, word: str, status: str
) -> None:
    ada = a_call("customer", subject="ada")
    async with apart.answering():
        order_id, url = await challenged(apart, ada)
        assert url == await asked(apart.payments, order_id)
        with pytest.raises(NotFound):
            await apart.orders.dispatch(GetOrder(order_id=order_id), a_call("customer", subject="bob"))
        await answer(url, word)
        await apart.orders.dispatch(VerifyPayment(order_id=order_id), ada)
        assert await comes_to(apart.orders, order_id, "PAID", "CANCELED", "FAILED") == status
        assert (await apart.orders.dispatch(GetOrder(order_id=order_id), ada)).next_action is None
        assert await apart.wrong() == []
    assert await apart.orders.db.pool.fetchval(KEPT) == 0


async def test_where_a_buyer_must_go_is_forgotten_when_the_order_is_called_off(apart: Apart) -> None:
    ada = a_call("customer", subject="ada")
    async with apart.answering():
        order_id, _ = await challenged(apart, ada, "simulated:challenge-never")
        await apart.orders.dispatch(CancelOrder(order_id=order_id), ada)
        assert await comes_to(apart.orders, order_id, "CANCELED") == "CANCELED"
    assert await apart.orders.db.pool.fetchval(KEPT) == 0


@pytest.mark.parametrize("place", ["payments.hear.after_commit", "orders.verify.told"])
async def test_a_buyer_whose_return_was_lost_on_the_way_says_it_again(apart: Apart, disarmed: None, place: str) -> None:
    ada = a_call("customer", subject="ada")
    async with apart.answering():
        order_id, url = await challenged(apart, ada)
        await answer(url, "confirm")
        failpoints.arm({place: "raise"})
        with pytest.raises((failpoints.FailpointHit, PaymentsDidNotAnswer)):
            await apart.orders.dispatch(VerifyPayment(order_id=order_id, proof="a word"), ada)
        await apart.orders.dispatch(VerifyPayment(order_id=order_id, proof="a word"), ada)
        assert await comes_to(apart.orders, order_id, "PAID", "CANCELED", "FAILED") == "PAID"
    assert await moved(apart, order_id) == {"capture": 1}


async def test_only_the_buyer_is_back_and_never_with_a_cards_number(apart: Apart) -> None:
    ada, bob = (a_call("customer", subject=name) for name in ("ada", "bob"))
    number = "4111 1111 1111 1111"
    async with apart.answering():
        order_id, _ = await challenged(apart, ada, "simulated:challenge-never")
        with pytest.raises(NotFound):
            await apart.orders.dispatch(VerifyPayment(order_id=order_id, proof="a word"), bob)
        with pytest.raises(CardNumberRefused):
            await apart.orders.dispatch(VerifyPayment(order_id=order_id, proof=number), ada)
        assert "verify" not in apart.way.answered
        with pytest.raises(PaymentsDidNotAnswer, match="INVALID_ARGUMENT"):
            await apart.way.verify(order_id, number, STAFF)
        with pytest.raises(PaymentsDidNotAnswer, match="INVALID_ARGUMENT"):
            await apart.way.verify(order_id, "x" * 5_000, STAFF)
    with pytest.raises(PaymentsDidNotAnswer):
        await apart.orders.dispatch(VerifyPayment(order_id=order_id, proof="a word"), ada)
    assert await captures(apart.provider) == {}
