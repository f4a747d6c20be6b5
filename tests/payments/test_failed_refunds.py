"""Refunds that a provider accepted and that fail later: ours again, named until they are given back once more.

Stripe and Adyen tell of that by notices: twice, in their own words each time, before our own answer is booked or after.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest
import pytest_asyncio

from tests.adapters.payment_provider.outside import adyen_server, stripe_server
from tests.adapters.payment_provider.outside.adyen_server import AdyenServer
from tests.adapters.payment_provider.outside.counterpart import outside
from tests.adapters.payment_provider.outside.stripe_server import StripeServer
from tests.adapters.payment_provider.parties import SECRETS
from tests.builders import a_product, an_ended_order
from tests.comebacks import STAFF, a_delivered_order, inspected, received
from tests.comebacks import comes_to as return_comes_to
from tests.contracts.happenings import told_that_it_failed
from tests.edits import comes_to, money, undone, violations
from tests.payments.test_exchanges import exchanged
from tests.shops import Shop, a_call, open_shop, until, working
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.contexts.payments.manifest import Reconciled, RefundPayment, reconcile
from tradewind.contexts.payments.take_notice.command import TakeNotice
from tradewind.contexts.returns.retry_refund.command import RetryRefund
from tradewind.kernel.clock import driven, now
from tradewind.kernel.money import Money
from tradewind.ports.payment_provider import PaymentProvider
from tradewind.ports.settlements import SettlementReports
from tradewind.runtime import failpoints

EVENTS: Final = {
    "stripe": ("refund.failed", "charge.refund.updated"),
    "adyen": ("REFUND_FAILED", "REFUNDED_REVERSED"),
}
PAYMENT: Final = "SELECT status, captured_minor, refunded_minor FROM payments.payments WHERE order_id = $1"
REFUNDS: Final = "SELECT status, failed_at IS NOT NULL FROM payments.refund WHERE order_id = $1 ORDER BY created_at"
KEY: Final = "SELECT authorization_key FROM payments.payments WHERE order_id = $1"
SETTLED: Final = "SELECT bool_and(phase IN ('COMPLETED', 'FAILED')) FROM runtime.saga"
DOUBTS: Final = "SELECT count(*) FROM runtime.saga WHERE name = 'doubt_refund'"
DONE: Final = "SELECT status = 'DONE' FROM payments.refund WHERE id = $1"
FAILED: Final = "SELECT failed_at IS NOT NULL FROM payments.refund WHERE id = $1"
OF_RETURN: Final = "SELECT refund_id FROM returns.returns WHERE id = $1"
TOLD: Final = """
    SELECT payload ->> 'amount' FROM runtime.outbox
    WHERE key = $1 AND type = 'ecommerce.payment.payment.refund_failed.v1'
"""


@dataclass
class Place:
    """A shop whose payments are taken to one outside provider, whose bank may refuse what goes back."""

    name: str
    shop: Shop
    stand: Any

    async def refund(self, order_id: UUID, amount: int) -> UUID:
        """Ask for so much to be given back; the refund's id."""
        command = RefundPayment(order_id=order_id, amount=Decimal(amount), reason="a scratch")
        refund_id: UUID = (await self.shop.dispatch(command, STAFF)).id
        return refund_id

    async def tell(self, order_id: UUID, *, times: int = 2) -> None:
        """The bank refused the order's last refund; each of the provider's notices of that comes so often."""
        for event in EVENTS[self.name]:
            body, headers = self.stand.fail_refund(str(order_id), event, SECRETS[self.name])
            lower = {name.lower(): value for name, value in headers.items()}
            for _ in range(times):
                await self.shop.dispatch(TakeNotice(provider=self.name, headers=lower, body=body), a_call("anonymous"))

    async def rest(self) -> None:
        """Wait until no saga is at work."""
        await until(self.shop, lambda: self.shop.db.pool.fetchval(SETTLED))

    async def payment(self, order_id: UUID) -> tuple[Any, ...]:
        return tuple(await self.shop.db.pool.fetchrow(PAYMENT, order_id))

    async def refunds(self, order_id: UUID) -> list[tuple[Any, ...]]:
        """Of each: its status, and whether it failed after it was done."""
        return [tuple(row) for row in await self.shop.db.pool.fetch(REFUNDS, order_id)]

    async def told(self, order_id: UUID) -> list[Decimal]:
        """The amounts of which it was told that they never went back."""
        return [Decimal(row[0]) for row in await self.shop.db.pool.fetch(TOLD, str(order_id))]

    async def compared(self) -> Reconciled:
        """Our books with the provider's report, without waiting for the second look."""
        if self.name == "adyen":
            self.stand.close_batch()
        reports: Any = self.shop.db.peers[SettlementReports]
        with driven(now() + timedelta(seconds=5)):
            return await reconcile(self.shop.db, reports, None)


@pytest_asyncio.fixture(params=["stripe", "adyen"])
async def place(
    request: pytest.FixtureRequest, settings: Settings, own_engines: Engines, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Place]:  # fmt: skip
    """Nobody works in it yet."""
    name: str = request.param
    monkeypatch.setattr("tradewind.contexts.payments.doubt_refund.saga.LOOK_AGAIN_S", 0.1)
    async with AsyncExitStack() as stack:
        stand: Any = await stack.enter_async_context(
            outside(tmp_path, {"stripe": StripeServer, "adyen": AdyenServer}[name])
        )
        of_adyen = {
            "adyen_key": adyen_server.API_KEY,
            "adyen_account": adyen_server.ACCOUNT,
            "adyen_url": stand.url,
            "adyen_reports_url": stand.url + adyen_server.REPORTS.rpartition("/")[0],
            "adyen_webhook_hmac_keys": (SECRETS["adyen"],),
        }
        of_stripe = {
            "stripe_key": stripe_server.SECRET_KEY,
            "stripe_url": stand.url,
            "stripe_webhook_secrets": (SECRETS["stripe"],),
        }
        chosen: dict[str, Any] = {"payment_provider": name, **(of_stripe if name == "stripe" else of_adyen)}
        shop = await stack.enter_async_context(open_shop(replace(settings, **chosen), own_engines, connections=8))
        await a_product(shop, "ROPE", stock=50, amount="10.00")
        yield Place(name, shop, stand)


async def comes_true(shop: Shop, statement: str, refund_id: UUID) -> None:
    """Wait until the statement says so of this refund."""
    await until(shop, lambda: shop.db.pool.fetchval(statement, refund_id))


async def test_a_refund_that_fails_later_is_ours_again_and_named_until_it_is_given_back(place: Place) -> None:
    async with working(place.shop):
        order_id = await an_ended_order(place.shop, "ROPE", qty=1)
        await place.refund(order_id, 4)
        await place.rest()
        assert await place.payment(order_id) == ("CAPTURED", 1000, 400)
        await place.tell(order_id)
        await place.rest()
        assert await place.payment(order_id) == ("CAPTURED", 1000, 0)
        assert await place.refunds(order_id) == [("REFUSED", True)]
        assert await place.told(order_id) == [Decimal(4)]
        name, said = await violations(place.shop)
        assert name == "refunds"
        assert f"of order {order_id}: the buyer was told that 400 EUR are back, and they are not since" in said
        await place.refund(order_id, 4)
        await place.rest()
        assert await place.refunds(order_id) == [("REFUSED", True), ("DONE", False)]
        assert await violations(place.shop) == []
        await place.tell(order_id)
        await place.rest()
        assert await place.refunds(order_id) == [("REFUSED", True), ("REFUSED", True)]
        assert (await violations(place.shop))[0] == "refunds", "what failed twice was mended by neither"
        await place.refund(order_id, 10)
        await place.rest()
        assert await place.payment(order_id) == ("REFUNDED", 1000, 1000)
        assert await violations(place.shop) == []
    found = await place.compared()
    assert (found.matched, found.differences, found.in_flight) == (1, [], 0)


async def test_what_failed_is_missing_nowhere_when_the_reports_are_compared(place: Place) -> None:
    async with working(place.shop):
        order_id = await an_ended_order(place.shop, "ROPE", qty=1)
        await place.refund(order_id, 10)
        await place.rest()
        assert await place.payment(order_id) == ("REFUNDED", 1000, 1000)
        place.stand.fail_refund(str(order_id), EVENTS[place.name][0], SECRETS[place.name])
        [differs] = (await place.compared()).differences
        assert (differs.kind, differs.theirs, differs.ours) == ("missing_there", Decimal(0), Decimal(10))
        await place.tell(order_id)
        await place.rest()
        assert await place.payment(order_id) == ("CAPTURED", 1000, 0)
    found = await place.compared()
    assert (found.matched, found.differences, found.in_flight) == (1, [], 0)


async def test_a_notice_that_comes_before_the_answer_is_booked_ends_in_the_same_state(place: Place) -> None:
    async with working(place.shop):
        order_id = await an_ended_order(place.shop, "ROPE", qty=1)
    refund_id = await place.refund(order_id, 4)
    provider: Any = place.shop.db.peers[PaymentProvider]
    key = await place.shop.db.pool.fetchval(KEY, order_id)
    await provider.refund(key, Money(400, "EUR"), f"{refund_id}/send_refund/0")  # whose answer nobody books yet
    await place.tell(order_id)
    async with working(place.shop):
        await place.rest()
        assert await place.payment(order_id) == ("CAPTURED", 1000, 0)
        [(status, was_done)] = await place.refunds(order_id)
        assert status == "REFUSED"
        assert await place.shop.db.pool.fetchval(DOUBTS) == 1
        found = await violations(place.shop)
        assert found[:1] == (["refunds"] if was_done else []), "whoever was faster, nobody is told what is not so"


async def test_an_order_that_was_undone_and_whose_money_never_came_is_named_until_it_does(place: Place) -> None:
    async with working(place.shop):
        order_id = await an_ended_order(place.shop, "ROPE", qty=1)
        await place.refund(order_id, 3)
        await place.rest()
        await undone(place.shop, order_id)
        await comes_to(place.shop, order_id, "CANCELED")
        assert await place.payment(order_id) == ("REFUNDED", 1000, 1000)
        await place.tell(order_id)
        await place.rest()
        assert await place.payment(order_id) == ("CAPTURED", 1000, 300)
        assert await place.told(order_id) == [Decimal(7)]
        assert (await violations(place.shop))[0] == "payments"
        await place.refund(order_id, 7)
        await place.rest()
        assert await place.payment(order_id) == ("REFUNDED", 1000, 1000)
        assert await violations(place.shop) == []


async def test_a_planted_bug_that_leaves_a_failed_refund_in_the_books_turns_the_auditor_red(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failpoints, "_PLANTED", frozenset({"failed_refund_kept"}))
    monkeypatch.setattr(failpoints, "_TEST_BUILD", True)
    async with working(place.shop):
        order_id = await an_ended_order(place.shop, "ROPE", qty=1)
        await place.refund(order_id, 4)
        await place.rest()
        await place.tell(order_id)
        await place.rest()
        assert "payments" in await violations(place.shop)


async def test_a_return_whose_money_never_came_is_open_again_and_its_refund_can_be_asked_for_once_more(
    working_shop: Shop,
) -> None:
    await a_product(working_shop, "BOOK")
    order_id = await a_delivered_order(working_shop, "BOOK", 3)
    back = await received(working_shop, order_id, "BOOK", 1)
    await inspected(working_shop, back, restocked=1)
    await return_comes_to(working_shop, back.id, "REFUNDED")
    for _ in range(2):
        await told_that_it_failed(working_shop, await working_shop.db.pool.fetchval(OF_RETURN, back.id))
    await return_comes_to(working_shop, back.id, "INSPECTED")
    assert await money(working_shop, order_id) == 3750
    assert (await violations(working_shop))[0] == "refunds"
    await working_shop.dispatch(RetryRefund(return_id=back.id), STAFF)
    await return_comes_to(working_shop, back.id, "REFUNDED")
    assert await money(working_shop, order_id) == 2500
    assert await violations(working_shop) == []


async def test_what_did_not_reach_the_card_that_had_paid_for_another_order_pays_for_that_again(
    working_shop: Shop,
) -> None:
    first, settled = await exchanged(working_shop, "BOOK")
    other = settled.replacement_order_id
    await comes_to(working_shop, other, "PAID")
    command = RefundPayment(order_id=other, amount=Decimal("12.50"), reason="goodwill")
    for state in ("refunds", None):
        refund_id = (await working_shop.dispatch(command, STAFF)).id
        await comes_true(working_shop, DONE, refund_id)
        assert (await money(working_shop, first), await money(working_shop, other)) == (2500, 0)
        if state:
            await told_that_it_failed(working_shop, refund_id)
            await comes_true(working_shop, FAILED, refund_id)
            assert (await money(working_shop, first), await money(working_shop, other)) == (2500, 1250)
            assert [name for name in await violations(working_shop) if name == state] == [state]
    assert await violations(working_shop) == []
