"""Orders ask payments in another process, step by step: the same ends, nothing is charged twice and nothing is lost."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
import pytest
import pytest_asyncio

from tests.adapters.payment_provider.provider_process import ProviderProcess
from tests.builders import a_product, ended
from tests.challenges import answer
from tests.held import asked, captures, comes_to, held, placed
from tests.remote.conftest import a_token
from tests.remote.installed import hearing, only
from tests.shops import Shop, a_call, open_shop, until, working
from tradewind.adapters.payments.asked import AskedPayments
from tradewind.adapters.payments.bought import BoughtByEvents
from tradewind.adapters.payments.grpc import AWAY_AGAIN_S, GrpcPayments, PaymentsDidNotAnswer, grpc_payments
from tradewind.adapters.payments.payers import PayersByEvents
from tradewind.app.audit.auditor import audit
from tradewind.app.elsewhere import CARRY
from tradewind.app.engines import Engines
from tradewind.app.free_ports import free_port
from tradewind.app.privacy.holders import Holders
from tradewind.app.remote import answering_remotely
from tradewind.app.settings import Settings
from tradewind.app.wiring import manifests
from tradewind.contexts.orders._domain.view import OrderView
from tradewind.contexts.orders.verify_payment.command import VerifyPayment
from tradewind.contexts.payments._store import payers
from tradewind.contexts.payments.capture_payment.command import CapturePayment
from tradewind.contexts.payments.carry_step.command import BookStep, CarryStep, Kind, OpenStep
from tradewind.contexts.payments.manifest import MANIFEST
from tradewind.contracts.orders import SoldPeer
from tradewind.contracts.outcomes import Done, Refused, Waiting
from tradewind.contracts.payers import PayersPeer, Paying
from tradewind.contracts.payments import Charge, PaymentsPeer, Refunding
from tradewind.contracts.privacy import PersonalDataPeer, Persons
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.runtime import failpoints

pytestmark = pytest.mark.adapter("grpc")

STAFF = a_call("admin")
TOLD = """
    SELECT substring(type from 'payment\\.payment\\.(.*)\\.v1') FROM runtime.outbox
    WHERE key = $1 AND type LIKE 'ecommerce.payment.payment.%' ORDER BY position
"""
WAITED = "SELECT count(*) FROM runtime.saga_journal WHERE saga_id = $1 AND message = 'Waiting'"
FAILED = "SELECT count(*) FROM runtime.saga_journal WHERE saga_id = $1 AND message = 'Failed'"
STANDS = "SELECT status FROM payments.payments WHERE order_id = $1"


class Lossy:
    """The way to payments: what is asked arrives, and so many answers to each question are lost.

    While it is not `open`, answers stay where they are; while not `calm`, also those that say that it is not yet time.
    `then`: what happens once, right after a question was answered over there and before anybody hears that.
    """

    def __init__(self, real: GrpcPayments) -> None:
        self.real, self.losses = real, 0
        self.arrived: list[str] = []
        self.answered: list[str] = []
        self.then: dict[str, Callable[[], Awaitable[Any]]] = {}
        self.open, self.calm = asyncio.Event(), asyncio.Event()
        self.open.set()
        self.calm.set()

    async def _then_lose(self, name: str, asked: Any) -> Any:
        outcome = await asked
        self.answered.append(name)
        if then := self.then.pop(name, None):
            await then()
        await self.calm.wait()
        if isinstance(outcome, Waiting):
            return outcome
        self.arrived.append(name)
        await self.open.wait()
        if self.arrived.count(name) <= self.losses:
            raise PaymentsDidNotAnswer
        return outcome

    def __getattr__(self, name: str) -> Any:
        return lambda *asked: self._then_lose(name, getattr(self.real, name)(*asked))


@dataclass
class Apart:
    """Two processes of one shop, as far as they know: one has payments alone, the other has everything else.

    Whoever asks the other within a transaction fails. Their databases are one, which carries events from each to each.
    """

    orders: Shop
    payments: Shop
    provider: ProviderProcess
    way: Lossy
    port: int

    async def ended(self, method: str = "approve", **how: Any) -> OrderView:
        """An order that was carried to its end."""
        return await ended(self.orders, method, **how)

    async def told(self, order_id: UUID) -> list[str]:
        """What was told of the order's money."""
        return [row[0] for row in await self.orders.db.pool.fetch(TOLD, str(order_id))]

    async def wrong(self) -> list[str]:
        """What the auditor finds wrong in our books and the provider's."""
        return (await audit(self.orders.engines.database_url, self.provider.url, settle_s=20.0)).lines()

    def answering(self) -> Any:
        """The edge of payments, for as long as it is open."""
        settings = replace(self.payments.settings, grpc_port=self.port)
        return answering_remotely(replace(self.payments, settings=settings))


@pytest_asyncio.fixture
async def apart(settings: Settings, own_engines: Engines, tmp_path: Path) -> AsyncIterator[Apart]:
    provider, port = await ProviderProcess(tmp_path).start(), free_port("127.0.0.1")
    mine = replace(own_engines, provider_url=provider.url)
    nobody = replace(own_engines, provider_url="http://127.0.0.1:9")
    async with AsyncExitStack() as stack:
        stack.push_async_callback(provider.stop)
        asked: dict[type, object] = {PayersPeer: PayersByEvents(), SoldPeer: BoughtByEvents()}
        whole = await stack.enter_async_context(open_shop(settings, mine, connections=8, instead=asked))
        payments = await stack.enter_async_context(only(whole, [MANIFEST], [*asked]))
        token = lambda: a_token(payments, role="admin", scope=CARRY[0])  # noqa: E731 -- asked anew each time
        way = Lossy(await stack.enter_async_context(grpc_payments(f"127.0.0.1:{port}", token)))
        away: Any = way
        asking: dict[type, object] = {
            PaymentsPeer: AskedPayments(away), Paying: Paying(away), Refunding: Refunding(away),
            Persons: Persons(away), PersonalDataPeer: Holders(one for one in manifests() if one is not MANIFEST),
        }  # fmt: skip
        whole = await stack.enter_async_context(open_shop(settings, nobody, connections=8, instead=asking))
        others = [one for one in whole.contexts if one is not MANIFEST]
        orders = await stack.enter_async_context(only(whole, others, [*asking]))
        await a_product(orders, "BOOK")
        await stack.enter_async_context(hearing(payments))
        await stack.enter_async_context(working(orders))
        yield Apart(orders, payments, provider, way, port)


@pytest.fixture
def disarmed() -> Iterator[None]:
    """Whatever a test arms is armed for it alone."""
    yield
    failpoints.arm({})


async def test_an_approved_order_is_charged_by_the_process_that_knows_the_provider(apart: Apart) -> None:
    async with apart.answering():
        order = await apart.ended()
    assert order.status == "PAID"
    assert apart.way.arrived == ["authorize", "capture"]
    assert await apart.told(order.id) == ["initiated", "authorized", "captured"]
    assert await apart.wrong() == []


@pytest.mark.parametrize(
    ("method", "country", "status", "told"),
    [
        ("decline", "DE", "CANCELED", ["initiated", "failed"]),
        ("approve", "AQ", "CANCELED", ["initiated", "authorized", "voided"]),
        ("timeout", "DE", "FAILED", ["initiated", "voided"]),
    ],
)
async def test_an_order_that_fails_leaves_no_money_held(
    apart: Apart, method: str, country: str, status: str, told: list[str]
) -> None:
    async with apart.answering():
        order = await apart.ended(method, country=country)
    assert order.status == status
    assert await apart.told(order.id) == told
    assert await apart.wrong() == []


@pytest.mark.parametrize(("country", "status"), [("DE", "PAID"), ("AQ", "CANCELED")])
async def test_answers_that_are_lost_are_asked_for_again_and_nothing_is_charged_twice(
    apart: Apart, country: str, status: str
) -> None:
    apart.way.losses = 2
    async with apart.answering():
        order = await apart.ended(country=country)
    last = "capture" if status == "PAID" else "cancel"
    assert order.status == status
    assert (apart.way.arrived.count("authorize"), apart.way.arrived.count(last)) == (3, 3)
    assert await captures(apart.provider) == ({str(order.id): 1} if status == "PAID" else {})
    assert len(await apart.told(order.id)) == 3
    assert await apart.wrong() == []


@pytest.mark.parametrize("country", ["DE", "AQ"])
@pytest.mark.parametrize(
    "place",
    [
        *(f"payments.carry.{point}" for point in ("opened", "answered", "booked")),
        "saga.authorize_payment.after_ask",
        "saga.capture_payment.after_ask",
        "saga.undo_authorize_payment.after_ask",
    ],
)
@pytest.mark.parametrize("hit", [1, 2])
async def test_wherever_either_side_breaks_off_it_is_gone_on_with_and_money_moves_once(
    apart: Apart, disarmed: None, place: str, hit: int, country: str
) -> None:
    failpoints.arm({place: f"raise@{hit}"})
    async with apart.answering():
        order = await apart.ended(country=country)
    assert order.status == ("PAID" if country == "DE" else "CANCELED")
    assert await captures(apart.provider) == ({str(order.id): 1} if country == "DE" else {})
    assert len(await apart.told(order.id)) == 3
    assert await apart.wrong() == []


async def test_orders_wait_for_payments_that_is_away_and_are_none_the_worse(apart: Apart) -> None:
    order_id = await placed(apart.orders, "BOOK")

    async def waited() -> bool:
        return bool(await apart.orders.db.pool.fetchval(WAITED, order_id) >= 3)

    await until(apart.orders, waited)
    assert await apart.orders.db.pool.fetchval(FAILED, order_id) == 0, "nobody was there: that is no failed attempt"
    async with apart.answering():
        assert await comes_to(apart.orders, order_id, "PAID", "FAILED", "CANCELED") == "PAID"
        assert await apart.wrong() == []


async def test_a_payer_who_is_held_for_too_long_is_no_failure_of_the_provider(apart: Apart) -> None:
    payer_id = new_id()
    async with apart.answering(), apart.payments.db.transaction(STAFF) as tx:
        await payers.hold(tx, payer_id)
        answered = await apart.way.authorize(a_charge(payer_id), f"{payer_id}/authorize/0", STAFF)
    assert answered == Waiting(AWAY_AGAIN_S, heard=True)
    assert await apart.provider.ledger(str(payer_id)) == []


async def test_what_is_captured_by_hand_may_leave_the_house_and_is_captured_when_staff_says_so(apart: Apart) -> None:
    async with apart.answering():
        order_id = await held(apart.orders, "BOOK")
        shipped = "SELECT status FROM shipping.shipments WHERE order_id = $1"
        assert await apart.orders.db.pool.fetchval(shipped, order_id) == "READY"
        await apart.payments.dispatch(CapturePayment(order_id=order_id), STAFF)
        assert await comes_to(apart.orders, order_id, "PAID") == "PAID"
    assert await captures(apart.provider) == {str(order_id): 1}


async def test_a_buyer_who_has_to_prove_themselves_is_sent_there_and_pays_when_they_are_back(apart: Apart) -> None:
    async with apart.answering():
        order_id = await placed(apart.orders, "BOOK", "simulated:challenge")
        await answer(await asked(apart.orders, order_id), "confirm")
        await apart.orders.dispatch(VerifyPayment(order_id=order_id), STAFF)
        assert await comes_to(apart.orders, order_id, "PAID", "CANCELED", "FAILED") == "PAID"
    assert await apart.told(order_id) == ["initiated", "action_required", "authorized", "captured"]


def a_charge(payer_id: UUID) -> Charge:
    return Charge(payer_id, Money(1250, "EUR"), "simulated:approve")


async def test_a_cancel_that_overtakes_its_authorization_leaves_nothing_held(apart: Apart) -> None:
    payer_id = new_id()
    async with apart.answering():
        assert await apart.way.cancel(payer_id, f"{payer_id}/undo/0", STAFF) == Done()
        late = await apart.way.authorize(a_charge(payer_id), f"{payer_id}/authorize/0", STAFF)
    assert late == Refused("it was called off")
    assert await apart.provider.ledger(str(payer_id)) == []
    assert await apart.payments.db.pool.fetchval(STANDS, payer_id) is None


async def test_a_shop_that_forgets_who_was_called_off_would_be_noticed(
    apart: Apart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failpoints, "_PLANTED", frozenset({"called_off_is_forgotten"}))
    monkeypatch.setattr(failpoints, "_TEST_BUILD", True)
    payer_id = new_id()
    async with apart.answering():
        await apart.way.cancel(payer_id, f"{payer_id}/undo/0", STAFF)
        assert await apart.way.authorize(a_charge(payer_id), f"{payer_id}/authorize/0", STAFF) == Done()
    assert await apart.payments.db.pool.fetchval(STANDS, payer_id) == "AUTHORIZED"


@pytest.mark.parametrize("asked_first", [True, False])
async def test_an_authorization_that_is_answered_after_the_cancel_books_nothing(
    apart: Apart, asked_first: bool
) -> None:
    """Its first asker is slow: it wrote down what it wants, and another one has called that off meanwhile."""
    payer_id = new_id()
    slow = CarryStep(kind=Kind.AUTHORIZE, payer_id=payer_id, key=f"{payer_id}/authorize/0", charge=a_charge(payer_id))
    opened = await apart.payments.dispatch(OpenStep(step=slow), STAFF)
    said = await opened.wish.send() if asked_first else None
    off = CarryStep(kind=Kind.CANCEL, payer_id=payer_id, key=f"{payer_id}/undo/0")
    assert await apart.payments.dispatch(off, STAFF) == Done()
    said = said or await opened.wish.send()
    assert await apart.payments.dispatch(BookStep(step=slow, answer=said), STAFF) == Refused("it was called off")
    assert await apart.payments.db.pool.fetchval(STANDS, payer_id) == "VOIDED"
    lines = {(line.operation, line.outcome) for line in await apart.provider.ledger(str(payer_id))}
    assert not any(operation == "capture" for operation, _ in lines)


async def test_a_cancel_whose_authorization_is_declined_meanwhile_has_nothing_to_let_go(apart: Apart) -> None:
    payer_id = new_id()
    charge = replace_method(a_charge(payer_id), "simulated:decline")
    slow = CarryStep(kind=Kind.AUTHORIZE, payer_id=payer_id, key=f"{payer_id}/authorize/0", charge=charge)
    off = CarryStep(kind=Kind.CANCEL, payer_id=payer_id, key=f"{payer_id}/undo/0")
    dispatch = apart.payments.dispatch
    opened, to_cancel = [await dispatch(OpenStep(step=step), STAFF) for step in (slow, off)]
    declined = await dispatch(BookStep(step=slow, answer=await opened.wish.send()), STAFF)
    assert isinstance(declined, Refused)
    assert await dispatch(BookStep(step=off, answer=await to_cancel.wish.send()), STAFF) == Done()
    assert await apart.payments.db.pool.fetchval(STANDS, payer_id) == "FAILED"


async def test_only_who_may_carry_money_may_ask_and_only_under_keys_of_the_payer(apart: Apart) -> None:
    payer_id = new_id()
    async with apart.answering():
        stranger = grpc_payments(f"127.0.0.1:{apart.port}", lambda: a_token(apart.payments))
        async with stranger as way:
            with pytest.raises(PaymentsDidNotAnswer, match="PERMISSION_DENIED"):
                await way.cancel(payer_id, f"{payer_id}/undo/0", STAFF)
        for key in ("undo/0", f"{new_id()}/undo/0", str(payer_id)):
            with pytest.raises(PaymentsDidNotAnswer, match=grpc.StatusCode.INVALID_ARGUMENT.name):
                await apart.way.cancel(payer_id, key, STAFF)
        with pytest.raises(PaymentsDidNotAnswer, match=grpc.StatusCode.NOT_FOUND.name):
            await apart.way.capture(payer_id, f"{payer_id}/capture/0", STAFF)
        card = replace_method(a_charge(payer_id), "4111111111111111")
        with pytest.raises(PaymentsDidNotAnswer, match=grpc.StatusCode.INVALID_ARGUMENT.name):
            await apart.way.authorize(card, f"{payer_id}/authorize/0", STAFF)
    assert await apart.provider.ledger(str(payer_id)) == []


def replace_method(charge: Charge, method: str) -> Charge:
    return Charge(charge.order_id, charge.amount, method)


async def test_many_orders_at_once_are_each_charged_once(apart: Apart) -> None:
    async with apart.answering():
        ended = await asyncio.gather(*(apart.ended(qty=1) for _ in range(8)))
    assert {order.status for order in ended} == {"PAID"}
    assert await captures(apart.provider) == {str(order.id): 1 for order in ended}
    assert await apart.wrong() == []
