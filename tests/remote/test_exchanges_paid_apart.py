"""What comes back pays for what goes out where payments is asked in another process: the order waits for its answer."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from tests.builders import a_product, seen
from tests.comebacks import SHIPMENT, STAFF, a_delivered_order, comes_to, inspected, received, refunded_by_hand
from tests.edits import comes_to as order_comes_to
from tests.edits import edit, over, stock
from tests.remote.test_payments_apart import Apart, apart, disarmed
from tests.remote.test_refunds_apart import a_claim, refunding
from tests.remote.test_retries_apart import behind_our_back, retried
from tests.shops import Shop, open_shop, until, working
from tradewind.adapters.payments.grpc import PaymentsDidNotAnswer
from tradewind.contexts.orders._domain.edit import NotEditable
from tradewind.contexts.orders.cancel_order.command import CancelOrder
from tradewind.contexts.orders.pay_order.command import NotPayable, PayOrder
from tradewind.contexts.returns.get_return.query import GetReturn
from tradewind.contexts.shipping.manifest import DeliverShipment, DispatchShipment
from tradewind.contracts.payments import Instead, RefundsPeer
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.runtime import failpoints

__all__ = ["apart", "disarmed", "refunding"]
pytestmark = pytest.mark.adapter("grpc")

BY = "UPDATE orders.orders SET payment_method = $1"
PENDING = "SELECT count(*) = 0 FROM payments.refund WHERE status = 'PENDING'"
REFUSED = "SELECT sum(amount_minor) = $2 FROM payments.refund WHERE order_id = $1 AND status = 'REFUSED'"
CREDIT = "SELECT sum(amount_minor)::int FROM payments.credit WHERE order_id = $1"
METHOD = "SELECT payment_method FROM orders.orders WHERE id = $1"
WAITED = "SELECT count(*) FROM runtime.saga_journal WHERE saga_id = $1 AND message = 'Waiting'"
TOLD = "SELECT array_agg(split_part(type, '.', 4) ORDER BY position) FROM runtime.outbox WHERE key = $1"
TAKEN = [("authorization", 3750), ("capture", 3750)]
"""What the card of the first order saw: three books at 12.50, of which one comes back."""
LAMP = [("authorization", 750), ("capture", 750)]
"""And that of a lamp at 20.00, in exchange for a book."""
BACK = ["requested", "approved", "received", "inspected", "refunded"]


class Nobody:
    """Whoever is asked for refunds within a transaction, where payments has a database of its own."""


@pytest.fixture(autouse=True)
def nobody_is_asked_here(apart: Apart, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the process of orders."""
    monkeypatch.setitem(apart.orders.db.peers, RefundsPeer, Nobody())


@pytest_asyncio.fixture(autouse=True)
async def things(apart: Apart) -> None:
    """Pens at 3.00 and lamps at 20.00, beside the books at 12.50."""
    await a_product(apart.orders, "PEN", amount="3.00")
    await a_product(apart.orders, "LAMP", amount="20.00")


async def in_the_warehouse(apart: Apart, sku: str, *, method: str = "approve") -> tuple[UUID, Any]:
    """A delivered order of three books; one of them is here, for one of this."""
    order_id = await a_delivered_order(apart.orders, "BOOK", 3)
    await apart.orders.db.pool.execute(BY, f"simulated:{method}")
    instead: dict[str, Any] = {sku: 1}
    return order_id, await received(apart.orders, order_id, "BOOK", 1, **instead)


async def moved(apart: Apart, order_id: UUID) -> list[tuple[str, int]]:
    """The money that moved for an order, once nothing is on its way back, by the provider's own books."""
    await until(apart.payments, lambda: apart.payments.db.pool.fetchval(PENDING))
    lines = await apart.provider.ledger(str(order_id))
    return [(line.operation, line.minor) for line in lines if line.minor and line.outcome == "approved"]


async def comes_back(apart: Apart, order_id: UUID, *moves: tuple[str, int]) -> None:
    """Wait until the first order's card has seen this, and nothing else."""

    async def look() -> bool:
        return await moved(apart, order_id) == [*TAKEN, *moves]

    await until(apart.payments, look)


async def waits(apart: Apart, saga_id: UUID) -> None:
    """Wait until it has looked for payments often enough, and found nobody."""

    async def look() -> bool:
        return bool(await apart.orders.db.pool.fetchval(WAITED, saga_id) >= 3)

    await until(apart.orders, look)


async def arrived(apart: Apart, what: str) -> None:
    """Wait until such a question has come there and was answered."""

    async def look() -> bool:
        return what in apart.way.arrived

    await until(apart.orders, look)


async def delivered(shop: Shop, order_id: UUID) -> None:
    """Its buyer has it."""
    shipment_id = await shop.db.pool.fetchval(SHIPMENT, order_id)
    await shop.dispatch(DispatchShipment(shipment_id=shipment_id), STAFF)
    await shop.dispatch(DeliverShipment(shipment_id=shipment_id), STAFF)
    await order_comes_to(shop, order_id, "FULFILLED")


async def canceled(apart: Apart, order_id: UUID) -> None:
    """Its buyer calls it off."""
    await apart.orders.dispatch(CancelOrder(order_id=order_id, reason="no"), STAFF)


@pytest.mark.parametrize(
    ("sku", "of_first", "of_other"), [("PEN", [("refund", 950)], []), ("BOOK", [], []), ("LAMP", [], LAMP)]
)
async def test_only_the_difference_is_charged_or_given_back(
    refunding: Apart, sku: str, of_first: list[tuple[str, int]], of_other: list[tuple[str, int]]
) -> None:
    async with refunding.answering():
        order_id, one = await in_the_warehouse(refunding, sku)
        began = await inspected(refunding.orders, one, restocked=1)
        other = began.replacement_order_id
        await comes_to(refunding.orders, one.id, "REFUNDED")
        await order_comes_to(refunding.orders, other, "PAID")
        assert await refunding.wrong() == []
    settled = await refunding.orders.dispatch(GetReturn(return_id=one.id), STAFF)
    assert (settled.replacement_order_id, str(settled.refund_amount)) == (other, "12.50")
    assert await moved(refunding, order_id) == [*TAKEN, *of_first]
    assert await moved(refunding, other) == of_other
    order = await seen(refunding.orders, other)
    assert [step.status for step in order.history or ()] == ["PENDING_RESERVATION", "RESERVED", "CONFIRMED", "PAID"]
    assert await refunding.orders.db.pool.fetchval(TOLD, str(one.id)) == BACK


async def test_the_rest_is_charged_to_the_card_that_paid_whatever_its_buyer_keeps_by_then(refunding: Apart) -> None:
    async with refunding.answering():
        order_id, one = await in_the_warehouse(refunding, "LAMP")
        await refunding.orders.db.pool.execute(BY, "saved:default")
        other = (await inspected(refunding.orders, one, restocked=1)).replacement_order_id
        await order_comes_to(refunding.orders, other, "PAID")
        assert await refunding.wrong() == []
    assert await refunding.orders.db.pool.fetchval(METHOD, other) == f"saved:as-paid/{order_id}"
    assert await moved(refunding, other) == LAMP


async def test_while_it_waits_its_goods_are_held_and_nobody_pays_for_it_or_changes_it(refunding: Apart) -> None:
    async with refunding.answering():
        order_id, one = await in_the_warehouse(refunding, "LAMP")
        refunding.way.open.clear()
        other = (await inspected(refunding.orders, one, restocked=1)).replacement_order_id
        await arrived(refunding, "claim")
        order = await seen(refunding.orders, other)
        assert (order.status, await stock(refunding.orders, "LAMP")) == ("RESERVED", (10, 1))
        with pytest.raises(NotPayable):
            await refunding.orders.dispatch(PayOrder(order_id=other, payment_method="simulated:approve"), STAFF)
        with pytest.raises(NotEditable):
            await edit(refunding.orders, other, LAMP=2)
        assert await refunding.orders.db.pool.fetchval(METHOD, other) is None
        refunding.way.open.set()
        await order_comes_to(refunding.orders, other, "PAID")
        await comes_to(refunding.orders, one.id, "REFUNDED")
        assert await refunding.wrong() == []
    assert (await moved(refunding, order_id), await moved(refunding, other)) == (TAKEN, LAMP)


PLACES = [
    "payments.claim.before_commit",
    "payments.claim.after_commit",
    "saga.claim_refund.before_ask",
    "saga.claim_refund.after_ask",
    "saga.claim_refund.before_commit",
    "saga.claim_refund.after_commit",
    "saga.authorize_payment.before_ask",
    "saga.authorize_payment.after_ask",
    "saga.authorize_payment.before_commit",
    "payments.carry.opened",
    "payments.carry.answered",
    "payments.carry.booked",
    "saga.capture_payment.after_ask",
    "saga.send_refund.after_ask",
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("sku", "of_first", "of_other"), [("PEN", [("refund", 950)], []), ("LAMP", [], LAMP)], ids=["cheaper", "dearer"]
)
async def test_wherever_either_side_breaks_off_it_is_gone_on_with_and_the_money_moves_once(
    refunding: Apart,
    disarmed: None,
    place: str,
    sku: str,
    of_first: list[tuple[str, int]],
    of_other: list[tuple[str, int]],
) -> None:
    async with refunding.answering():
        order_id, one = await in_the_warehouse(refunding, sku)
        failpoints.arm({place: "raise@1"})
        other = (await inspected(refunding.orders, one, restocked=1)).replacement_order_id
        await order_comes_to(refunding.orders, other, "PAID")
        await comes_to(refunding.orders, one.id, "REFUNDED")
        assert await refunding.wrong() == []
    assert failpoints._hits[place] or (place, sku) == ("saga.send_refund.after_ask", "LAMP"), "nothing broke off"
    assert await moved(refunding, order_id) == [*TAKEN, *of_first]
    assert await moved(refunding, other) == of_other
    assert await refunding.orders.db.pool.fetchval(TOLD, str(one.id)) == BACK


@pytest.mark.parametrize("place", ["inspect.before_commit", "inspect.after_commit"])
async def test_an_inspection_that_dies_leaves_all_or_nothing(refunding: Apart, disarmed: None, place: str) -> None:
    """Whoever inspects asks again: what stands is refused, and one order goes out."""
    async with refunding.answering():
        order_id, one = await in_the_warehouse(refunding, "PEN")
        failpoints.arm({place: "raise@1"})
        with pytest.raises(failpoints.FailpointHit):
            await inspected(refunding.orders, one, restocked=1)
        if place == "inspect.before_commit":
            assert await stock(refunding.orders, "PEN") == (10, 0)
            await inspected(refunding.orders, one, restocked=1)
        await comes_to(refunding.orders, one.id, "REFUNDED")
        settled = await refunding.orders.dispatch(GetReturn(return_id=one.id), STAFF)
        await order_comes_to(refunding.orders, settled.replacement_order_id, "PAID")
        assert await refunding.wrong() == []
    assert await moved(refunding, order_id) == [*TAKEN, ("refund", 950)]
    assert await stock(refunding.orders, "PEN") == (9, 0)


async def test_answers_that_are_lost_are_asked_for_again_and_it_is_paid_once(refunding: Apart) -> None:
    async with refunding.answering():
        order_id, one = await in_the_warehouse(refunding, "PEN")
        refunding.way.losses = 2
        other = (await inspected(refunding.orders, one, restocked=1)).replacement_order_id
        await order_comes_to(refunding.orders, other, "PAID")
        await comes_to(refunding.orders, one.id, "REFUNDED")
        assert await refunding.wrong() == []
    assert refunding.way.arrived.count("claim") == 3
    assert await refunding.payments.db.pool.fetchval(CREDIT, other) == 300
    assert await moved(refunding, order_id) == [*TAKEN, ("refund", 950)]


async def test_an_exchange_waits_for_payments_that_is_away_and_is_none_the_worse(refunding: Apart) -> None:
    async with refunding.answering():
        order_id, one = await in_the_warehouse(refunding, "PEN")
    other = (await inspected(refunding.orders, one, restocked=1)).replacement_order_id
    await waits(refunding, one.id)
    async with refunding.answering():
        await order_comes_to(refunding.orders, other, "PAID")
        await comes_to(refunding.orders, one.id, "REFUNDED")
        assert await refunding.wrong() == []
    assert await moved(refunding, order_id) == [*TAKEN, ("refund", 950)]


async def test_a_claim_that_arrives_twice_pays_once(apart: Apart) -> None:
    other = new_id()
    async with apart.answering():
        order_id = await a_delivered_order(apart.orders, "BOOK", 4)
        claim = a_claim(order_id, instead=Instead(other, Money(300, "EUR")))
        answers = await asyncio.gather(*(apart.way.claim(claim, STAFF) for _ in range(6)))
    assert {answer.amount for answer in answers} == {Money(2500, "EUR")}
    assert await apart.payments.db.pool.fetchval(CREDIT, other) == 300


@pytest.mark.parametrize("off", [False, True])
async def test_an_exchange_that_was_asking_is_settled_where_payments_is_in_the_same_process_again(
    apart: Apart, *, off: bool
) -> None:
    async with apart.answering():
        order_id, one = await in_the_warehouse(apart, "PEN")
    other = (await inspected(apart.orders, one, restocked=1)).replacement_order_id
    await waits(apart, one.id)
    if off:
        await canceled(apart, other)
    shop = apart.payments
    async with open_shop(shop.settings, shop.engines, connections=8) as whole, working(whole):
        await order_comes_to(whole, other, "CANCELED" if off else "PAID")
        await comes_to(whole, one.id, "REFUNDED")
        await comes_back(apart, order_id, ("refund", 1250 if off else 950))
        assert await apart.wrong() == []


async def test_what_the_provider_refuses_of_the_rest_is_asked_for_again_and_nothing_else(refunding: Apart) -> None:
    async with refunding.answering():
        order_id, one = await in_the_warehouse(refunding, "PEN")
        await behind_our_back(refunding, order_id, 3000)
        other = (await inspected(refunding.orders, one, restocked=1)).replacement_order_id
        await order_comes_to(refunding.orders, other, "PAID")
        await until(refunding.payments, lambda: refunding.payments.db.pool.fetchval(REFUSED, order_id, 950))
        await retried(refunding, one.id)
        await until(refunding.payments, lambda: refunding.payments.db.pool.fetchval(REFUSED, order_id, 1900))
    assert refunding.way.arrived.count("ask_again") == 1
    settled = await refunding.orders.dispatch(GetReturn(return_id=one.id), STAFF)
    assert settled.status == "INSPECTED", "nobody says that the buyer has money that they have not"
    assert await refunding.payments.db.pool.fetchval(CREDIT, other) == 300, "the pen was paid once"


async def test_the_rest_is_given_back_once_the_provider_does(refunding: Apart) -> None:
    """Of what was claimed the part for the pen is done; the other part was refused, and is asked for anew."""
    async with refunding.answering():
        order_id, one = await in_the_warehouse(refunding, "PEN")
        await refunding.provider.strike("refund", "decline")
        other = (await inspected(refunding.orders, one, restocked=1)).replacement_order_id
        await until(refunding.payments, lambda: refunding.payments.db.pool.fetchval(REFUSED, order_id, 950))
        await comes_to(refunding.orders, one.id, "INSPECTED")
        await retried(refunding, one.id)
        await comes_to(refunding.orders, one.id, "REFUNDED")
        await order_comes_to(refunding.orders, other, "PAID")
        assert await refunding.wrong() == []
    assert await moved(refunding, order_id) == [*TAKEN, ("refund", 950)]


async def test_where_nothing_is_left_to_claim_the_whole_is_charged(refunding: Apart) -> None:
    """As in one process: somebody gave it all back by hand before, and the thing goes out at its price."""
    async with refunding.answering():
        order_id, one = await in_the_warehouse(refunding, "PEN")
        await refunded_by_hand(refunding.payments, order_id, 3750)
        other = (await inspected(refunding.orders, one, restocked=1)).replacement_order_id
        await order_comes_to(refunding.orders, other, "PAID")
        await comes_to(refunding.orders, one.id, "REFUNDED")
        assert await refunding.wrong() == []
    assert await moved(refunding, other) == [("authorization", 300), ("capture", 300)]
    assert await moved(refunding, order_id) == [*TAKEN, ("refund", 3750)]


async def test_what_went_out_comes_back_and_is_exchanged_again(refunding: Apart) -> None:
    async with refunding.answering():
        order_id, one = await in_the_warehouse(refunding, "LAMP")
        second = (await inspected(refunding.orders, one, restocked=1)).replacement_order_id
        await order_comes_to(refunding.orders, second, "PAID")
        await delivered(refunding.orders, second)
        back = await received(refunding.orders, second, "LAMP", 1, BOOK=1)
        third = (await inspected(refunding.orders, back, restocked=1)).replacement_order_id
        await order_comes_to(refunding.orders, third, "PAID")
        await comes_to(refunding.orders, back.id, "REFUNDED")
        assert await refunding.wrong() == []
    assert await moved(refunding, third) == []
    assert await moved(refunding, order_id) == TAKEN
    assert await moved(refunding, second) == [*LAMP, ("refund", 750)]


async def test_what_went_out_is_edited_and_each_card_has_back_what_it_paid(refunding: Apart) -> None:
    async with refunding.answering():
        order_id, one = await in_the_warehouse(refunding, "LAMP")
        other = (await inspected(refunding.orders, one, restocked=1)).replacement_order_id
        await order_comes_to(refunding.orders, other, "PAID")
        await edit(refunding.orders, other, LAMP=0, PEN=1)
        order = await over(refunding.orders, other)
        assert (order.edit and order.edit.status, str(order.total_amount)) == ("DONE", "3.00")
        assert await refunding.wrong() == []
    assert await moved(refunding, other) == [*LAMP, ("refund", 750)]
    assert await moved(refunding, order_id) == [*TAKEN, ("refund", 950)]


async def test_many_exchanges_at_once_are_each_paid_once(refunding: Apart) -> None:
    async with refunding.answering():
        pairs = [await in_the_warehouse(refunding, "PEN") for _ in range(3)]
        began = await asyncio.gather(*(inspected(refunding.orders, one, restocked=1) for _, one in pairs))
        for (order_id, one), each in zip(pairs, began, strict=True):
            await order_comes_to(refunding.orders, each.replacement_order_id, "PAID")
            await comes_to(refunding.orders, one.id, "REFUNDED")
            assert await moved(refunding, order_id) == [*TAKEN, ("refund", 950)]
        assert await refunding.wrong() == []


async def test_what_is_to_be_paid_instead_is_named_as_the_published_file_says(apart: Apart) -> None:
    async with apart.answering():
        order_id = await a_delivered_order(apart.orders, "BOOK", 4)
        claim = a_claim(order_id, instead=Instead(new_id(), Money(-1, "EUR")))
        with pytest.raises(PaymentsDidNotAnswer, match="INVALID_ARGUMENT"):
            await apart.way.claim(claim, STAFF)
