"""Stripe's own ways: what it forgets, how it counts, what it signs, and what nobody may read in a log."""

import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from tests.adapters.payment_provider.outside.counterpart import Running, outside
from tests.adapters.payment_provider.outside.stripe_server import StripeServer, signed
from tests.adapters.payment_provider.parties import BACK, of_stripe
from tradewind.adapters.payment_provider.journaled.amounts import adyen_minor, stripe_minor
from tradewind.adapters.payment_provider.journaled.journal import Journal
from tradewind.adapters.payment_provider.stripe.api import stripe_provider
from tradewind.adapters.payment_provider.stripe.notices import StripeNotices
from tradewind.kernel import clock
from tradewind.kernel.errors import Invalid, Unauthenticated, Unavailable
from tradewind.kernel.money import Money
from tradewind.ports.payment_provider import Approved, Declined, KeyReused, PaymentProvider

EUR_100 = Money(10_000, "EUR")
APPROVE = "simulated:approve"
LONG_AGO = "UPDATE payment_provider.asked SET asked_at = now() - interval '2 days' WHERE key = $1"
SECRET = "whsec_one"
READER = StripeNotices("whsec_older", SECRET)


@pytest_asyncio.fixture
async def stand(tmp_path: Path) -> AsyncIterator[StripeServer]:
    async with outside(tmp_path, StripeServer) as running:
        yield running


@pytest_asyncio.fixture
async def provider(stand: StripeServer, journal: Journal) -> AsyncIterator[PaymentProvider]:
    async with of_stripe(stand.url, journal, 10.0) as client:
        yield client


async def long_ago(journal: Journal, key: str) -> None:
    async with journal._connection() as connection:
        await connection.execute(LONG_AGO, key)


async def opened_without_answer(stand: StripeServer, provider: PaymentProvider, order: str) -> None:
    """The PaymentIntent is there, but the shop has not heard of it."""
    stand.loses_next_creation = True
    with pytest.raises(Unavailable):
        await provider.authorize(EUR_100, APPROVE, f"{order}/a", order)
    assert [intent.metadata["tradewind_order"] for intent in stand.intents.values()] == [order]


async def test_an_opening_without_answer_is_found_by_its_key_and_charged_once(
    stand: StripeServer, provider: PaymentProvider, order: str
) -> None:
    await opened_without_answer(stand, provider, order)
    assert isinstance(await provider.authorize(EUR_100, APPROVE, f"{order}/a", order), Approved)
    assert len(stand.intents) == 1
    assert not any("search" in question for question in stand.questions)


async def test_what_stripe_has_forgotten_is_searched_for_before_it_is_asked_anew(
    stand: StripeServer, provider: PaymentProvider, journal: Journal, order: str
) -> None:
    await opened_without_answer(stand, provider, order)
    stand.forget_keys()
    stand.index()
    await long_ago(journal, f"{order}/a")
    assert isinstance(await provider.authorize(EUR_100, APPROVE, f"{order}/a", order), Approved)
    assert len(stand.intents) == 1
    assert [line.minor for line in await Running(stand).ledger(order)] == [10_000]


async def test_a_capture_whose_key_is_forgotten_is_not_repeated(
    stand: StripeServer, provider: PaymentProvider, order: str
) -> None:
    await provider.authorize(EUR_100, APPROVE, f"{order}/a", order)
    await Running(stand).strike("capture", "lost-answer")
    with pytest.raises(Unavailable):
        await provider.capture(f"{order}/a", EUR_100, f"{order}/c")
    stand.forget_keys()
    assert isinstance(await provider.capture(f"{order}/a", EUR_100, f"{order}/c"), Approved)
    assert [line.operation for line in await Running(stand).ledger(order)] == ["authorization", "capture"]


async def test_a_refund_whose_key_is_forgotten_is_found_in_the_list(
    stand: StripeServer, provider: PaymentProvider, order: str
) -> None:
    await provider.authorize(EUR_100, APPROVE, f"{order}/a", order)
    await provider.capture(f"{order}/a", EUR_100, f"{order}/c")
    await Running(stand).strike("refund", "lost-answer")
    with pytest.raises(Unavailable):
        await provider.refund(f"{order}/a", Money(100, "EUR"), f"{order}/r")
    stand.forget_keys()
    assert isinstance(await provider.refund(f"{order}/a", Money(100, "EUR"), f"{order}/r"), Approved)
    assert [line.minor for line in await Running(stand).ledger(order)] == [10_000, 10_000, 100]


async def test_a_refund_that_the_bank_refuses_later_is_told_by_a_look_up(
    stand: StripeServer, provider: PaymentProvider, order: str
) -> None:
    await provider.authorize(EUR_100, APPROVE, f"{order}/a", order)
    await provider.capture(f"{order}/a", EUR_100, f"{order}/c")
    assert isinstance(await provider.refund(f"{order}/a", EUR_100, f"{order}/r"), Approved)
    (intent,) = stand.intents.values()
    next(iter(intent.refunds.values())).update(status="failed", failure_reason="expired_or_canceled_card")
    for _ in range(2):
        answer = await provider.look_up(f"{order}/r")
        assert answer == Declined(code="refund_failed", reason="expired_or_canceled_card")


async def test_the_journal_forgets_the_method_once_it_is_not_needed(
    stand: StripeServer, provider: PaymentProvider, journal: Journal, order: str
) -> None:
    await Running(stand).strike("authorization", "lost-answer")
    with pytest.raises(Unavailable):
        await provider.authorize(EUR_100, APPROVE, f"{order}/a", order)
    for method in (APPROVE, ""):
        asked = await journal.find(f"{order}/a")
        assert asked is not None
        assert asked.wish.method == method
        assert isinstance(await provider.authorize(EUR_100, APPROVE, f"{order}/a", order), Approved)
    with pytest.raises(KeyReused):
        await provider.authorize(EUR_100, "simulated:decline", f"{order}/a", order)


async def test_a_wrong_key_leaves_the_outcome_unknown_and_is_told_to_nobody(
    stand: StripeServer, journal: Journal, order: str, capfd: pytest.CaptureFixture[str]
) -> None:
    wrong = "sk_live_that_must_not_be_seen"
    async with stripe_provider(journal, secret_key=wrong, return_url=BACK, timeout_s=5, api_base=stand.url) as client:
        with pytest.raises(Unavailable) as refused:
            await client.authorize(EUR_100, APPROVE, f"{order}/a", order)
    assert refused.value.facts["trouble"] == "AuthenticationError 401"
    out, err = capfd.readouterr()
    assert wrong not in f"{refused.value!r} {refused.value.facts} {out} {err}"
    assert stand.intents == {}


def an_event(**more: Any) -> dict[str, Any]:
    thing = {"object": "payment_intent", "metadata": {"tradewind_key": "o/a", "tradewind_capture_key": "o/c"}}
    event = {"id": "evt_1", "object": "event", "type": "payment_intent.succeeded", "created": 1_700_000_000}
    return {**event, "data": {"object": thing}, **more}


def headers_of(signed_: tuple[bytes, dict[str, str]]) -> dict[str, str]:
    return {name.lower(): value for name, value in signed_[1].items()}


async def test_an_event_names_the_calls_that_it_is_about() -> None:
    posted = signed(an_event(), SECRET)
    told = await READER.read(headers_of(posted), posted[0], clock.now())
    assert [(notice.notice_id, notice.key) for notice in told] == [("evt_1/0", "o/a"), ("evt_1/1", "o/c")]
    other = signed(an_event(data={"object": {"object": "customer", "metadata": {"tradewind_key": "x"}}}), SECRET)
    assert await READER.read(headers_of(other), other[0], clock.now()) == []


@pytest.mark.parametrize("header", ["", "t=1", "v1=00", "t=x,v1=00", "t=1,v1=00", f"t={10**13},v1=00", "t=1,v1=ä"])
async def test_a_forged_event_is_refused(header: str) -> None:
    body = msgspec.json.encode(an_event())
    with pytest.raises(Unauthenticated):
        await READER.read({"stripe-signature": header}, body, clock.now())
    stolen = headers_of(signed(an_event(), SECRET))
    with pytest.raises(Unauthenticated):
        await READER.read(stolen, msgspec.json.encode(an_event(id="evt_2")), clock.now())
    with pytest.raises(Unauthenticated):
        await READER.read(headers_of(signed(an_event(), "whsec_other")), body, clock.now())


@pytest.mark.parametrize("seconds", [-301, 301, 100_000])
async def test_a_replayed_event_is_refused_and_a_rotated_secret_is_not(seconds: int) -> None:
    then = clock.now()
    for secret in ("whsec_older", SECRET):
        body, headers = signed(an_event(), secret, int(then.timestamp()))
        headers = {name.lower(): value for name, value in headers.items()}
        assert len(await READER.read(headers, body, then + timedelta(seconds=298))) == 2
        with pytest.raises(Unauthenticated):
            await READER.read(headers, body, then + timedelta(seconds=seconds))


@pytest.mark.parametrize("event", [[], {}, {"data": {}}, an_event(created="x"), an_event(created=10**18), 1, "x", None])
async def test_an_event_that_cannot_be_read_is_refused(event: Any) -> None:
    posted = signed(event, SECRET)
    with pytest.raises(Invalid):
        await READER.read(headers_of(posted), posted[0], clock.now())


@pytest.mark.parametrize(
    ("money", "stripe", "adyen"),
    [
        (Money(10_050, "EUR"), 10_050, 10_050),
        (Money(500, "JPY"), 500, 500),
        (Money(500, "ISK"), 50_000, 50_000),
        (Money(500, "UGX"), 50_000, 500),
        (Money(500, "CLP"), 500, 50_000),
        (Money(12_340, "KWD"), 12_340, 12_340),
        (Money(500, "CVE"), 500, 5),
    ],
)
def test_each_provider_counts_some_currencies_in_its_own_way(money: Money, stripe: int, adyen: int) -> None:
    assert (stripe_minor(money), adyen_minor(money)) == (stripe, adyen)


def test_what_a_provider_cannot_express_is_refused_and_never_rounded() -> None:
    with pytest.raises(Invalid):
        stripe_minor(Money(12_345, "KWD"))
    with pytest.raises(Invalid):
        adyen_minor(Money(550, "CVE"))


async def test_an_amount_that_stripe_cannot_express_is_not_asked(
    stand: StripeServer, provider: PaymentProvider, order: str
) -> None:
    with pytest.raises(Invalid):
        await provider.authorize(Money(12_345, "KWD"), APPROVE, f"{order}/a", order)
    assert stand.intents == {}


def test_the_clients_of_outside_providers_are_loaded_only_when_chosen() -> None:
    look = "import sys, tradewind.app.edge, tradewind.app.worker; print({'stripe', 'Adyen'} & {*sys.modules})"
    run = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.strip() == "set()"
