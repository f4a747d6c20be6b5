"""Adyen's own ways: received is not done, notices are the only truth of some things, and only a part is signed."""

import asyncio
from collections.abc import AsyncIterator
from itertools import permutations
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from tests.adapters.payment_provider.journals import new_journal
from tests.adapters.payment_provider.outside.adyen_server import ACCOUNT, HMAC_KEY, AdyenServer, Known, posted
from tests.adapters.payment_provider.outside.counterpart import Running, outside
from tests.adapters.payment_provider.parties import eventually, of_adyen
from tradewind.adapters.payment_provider.adyen.notices import AdyenNotices
from tradewind.adapters.payment_provider.journaled.journal import Journal
from tradewind.app.engines import Engines
from tradewind.kernel import clock
from tradewind.kernel.errors import Invalid, Unauthenticated, Unavailable
from tradewind.kernel.money import Money
from tradewind.ports.payment_provider import ActionRequired, Approved, Declined, PaymentProvider

EUR_100 = Money(10_000, "EUR")
LONG_AGO = "UPDATE payment_provider.asked SET asked_at = now() - interval '8 days' WHERE key = $1"


@pytest_asyncio.fixture(scope="module")
async def journal(shared_engines: Engines) -> AsyncIterator[Journal]:
    """Apart from other tests' parties: these live on, and would sweep this one's voids, at stands of their own."""
    async with new_journal(shared_engines) as opened:
        yield opened


@pytest_asyncio.fixture
async def stand(tmp_path: Path) -> AsyncIterator[AdyenServer]:
    async with outside(tmp_path, AdyenServer) as running:
        yield running


@pytest_asyncio.fixture
async def provider(stand: AdyenServer, journal: Journal) -> AsyncIterator[PaymentProvider]:
    async with of_adyen(stand.url, journal, 10.0) as client:
        yield client


@pytest.fixture
def reader(journal: Journal) -> AdyenNotices:
    return AdyenNotices(journal, ACCOUNT, "00" * 32, HMAC_KEY)


async def held(provider: PaymentProvider, order: str, method: str = "simulated:approve") -> None:
    assert isinstance(await provider.authorize(EUR_100, method, f"{order}/a", order), Approved)


def item(known: Known, code: str, success: str = "true", **more: Any) -> dict[str, Any]:
    amount = {"value": 10_000, "currency": "EUR"}
    told = {"eventCode": code, "success": success, "pspReference": known.psp, "originalReference": known.original}
    return {**told, "merchantReference": known.reference, "merchantAccountCode": ACCOUNT, "amount": amount, **more}


def call_of(stand: AdyenServer, operation: str) -> Known:
    return next(known for known in stand.calls.values() if operation == known.wish.OPERATION)


async def test_a_capture_that_was_received_and_fails_later_is_told_by_a_look_up(
    stand: AdyenServer, provider: PaymentProvider, reader: AdyenNotices, order: str
) -> None:
    await held(provider, order, "simulated:decline-capture")
    assert isinstance(await provider.capture(f"{order}/a", EUR_100, f"{order}/c"), Approved)
    body, headers = posted(item(call_of(stand, "capture"), "CAPTURE", "false", reason="Insufficient balance"), HMAC_KEY)
    (notice,) = await reader.read(headers, body, clock.now())
    assert notice.key == f"{order}/c"
    refused = Declined(code="capture_refused", reason="Insufficient balance")
    assert await provider.look_up(f"{order}/c") == refused
    assert await provider.capture(f"{order}/a", EUR_100, f"{order}/c") == refused
    assert isinstance(await provider.refund(f"{order}/a", EUR_100, f"{order}/r"), Declined)


@pytest.mark.parametrize("sequence", list(permutations(["good", "good", "bad"])))
async def test_notices_in_any_order_come_to_the_same_end(
    stand: AdyenServer, provider: PaymentProvider, reader: AdyenNotices, order: str, sequence: tuple[str, ...]
) -> None:
    await held(provider, order)
    await provider.capture(f"{order}/a", EUR_100, f"{order}/c")
    known = call_of(stand, "capture")
    told = {"good": item(known, "CAPTURE"), "bad": item(known, "CAPTURE_FAILED")}
    for one in sequence:
        body, headers = posted(told[one], HMAC_KEY)
        await reader.read(headers, body, clock.now())
    answer = await provider.look_up(f"{order}/c")
    assert isinstance(answer, Declined)
    assert answer.code == "capture_refused"


async def test_what_was_asked_too_long_ago_is_not_asked_again(
    stand: AdyenServer, provider: PaymentProvider, journal: Journal, reader: AdyenNotices, order: str
) -> None:
    await Running(stand).strike("authorization", "lost-answer")
    with pytest.raises(Unavailable):
        await provider.authorize(EUR_100, "simulated:approve", f"{order}/a", order)
    stand.forget_keys()
    async with journal._connection() as connection:
        await connection.execute(LONG_AGO, f"{order}/a")
    for _ in range(2):
        with pytest.raises(Unavailable):
            await provider.authorize(EUR_100, "simulated:approve", f"{order}/a", order)
        with pytest.raises(Unavailable):
            await provider.void(f"{order}/a", f"{order}/v")
    assert [line.minor for line in await Running(stand).ledger(order)] == [10_000]
    body, headers = posted(item(call_of(stand, "authorization"), "AUTHORISATION"), HMAC_KEY)  # the way out
    await reader.read(headers, body, clock.now())
    assert isinstance(await provider.void(f"{order}/a", f"{order}/v"), Approved)
    assert [line.operation for line in await Running(stand).ledger(order)] == ["authorization", "void"]


@pytest.mark.parametrize(
    "change",
    [
        {"success": "false"},
        {"amount": {"value": 1, "currency": "EUR"}},
        {"pspReference": "ANOTHERREFERENCE"},
        {"merchantReference": "x" * 41},
        {"additionalData": {"hmacSignature": "bm90IG91cnM="}},
        {"additionalData": {}},
    ],
)
async def test_a_forged_notice_is_refused_and_nothing_is_kept(
    stand: AdyenServer, provider: PaymentProvider, reader: AdyenNotices, order: str, change: dict[str, Any]
) -> None:
    challenge = await provider.authorize(EUR_100, "simulated:challenge", f"{order}/a", order)
    body, headers = posted(item(call_of(stand, "authorization"), "AUTHORISATION"), HMAC_KEY)
    batch = msgspec.json.decode(body)
    batch["notificationItems"][0]["NotificationRequestItem"].update(change)
    with pytest.raises(Unauthenticated):
        await reader.read(headers, msgspec.json.encode(batch), clock.now())
    assert await provider.look_up(f"{order}/a") == challenge


async def test_one_forged_item_in_a_batch_spoils_it_whole(
    stand: AdyenServer, provider: PaymentProvider, reader: AdyenNotices, order: str
) -> None:
    challenge = await provider.authorize(EUR_100, "simulated:challenge", f"{order}/a", order)
    good = msgspec.json.decode(posted(item(call_of(stand, "authorization"), "AUTHORISATION"), HMAC_KEY)[0])
    bad = msgspec.json.decode(posted(item(call_of(stand, "authorization"), "AUTHORISATION"), "11" * 32)[0])
    good["notificationItems"] += bad["notificationItems"]
    with pytest.raises(Unauthenticated):
        await reader.read({}, msgspec.json.encode(good), clock.now())
    assert await provider.look_up(f"{order}/a") == challenge


async def test_a_signed_notice_about_another_amount_or_account_settles_nothing(
    stand: AdyenServer, provider: PaymentProvider, reader: AdyenNotices, order: str
) -> None:
    challenge = await provider.authorize(EUR_100, "simulated:challenge", f"{order}/a", order)
    known = call_of(stand, "authorization")
    less, headers = posted(item(known, "AUTHORISATION", amount={"value": 1, "currency": "EUR"}), HMAC_KEY)
    with pytest.raises(Invalid):
        await reader.read(headers, less, clock.now())
    for strange in (
        item(known, "AUTHORISATION", merchantAccountCode="SomebodyElse"),
        item(known, "REPORT_AVAILABLE"),
        item(known, "CAPTURE"),
        item(known, "AUTHORISATION", merchantReference="not ours"),
    ):
        body, headers = posted({**strange, "pspReference": "UNKNOWNREFERENCE"}, HMAC_KEY)
        if strange["merchantReference"] == known.reference and strange["eventCode"] == "AUTHORISATION":
            body, headers = posted(strange, HMAC_KEY)
        assert await reader.read(headers, body, clock.now()) == []
    assert await provider.look_up(f"{order}/a") == challenge


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"notificationItems":[{}]}', b'{"notificationItems":1}'])
async def test_a_notice_that_cannot_be_read_is_refused(reader: AdyenNotices, body: bytes) -> None:
    with pytest.raises(Invalid):
        await reader.read({}, body, clock.now())


async def test_a_buyer_who_confirms_after_the_void_is_let_go_by_whoever_lives(
    stand: AdyenServer, provider: PaymentProvider, journal: Journal, reader: AdyenNotices, order: str
) -> None:
    """The notice is taken, and then everything dies: the next process finds the open void."""
    challenge = await provider.authorize(EUR_100, "simulated:challenge", f"{order}/a", order)
    assert isinstance(challenge, ActionRequired)
    assert isinstance(await provider.void(f"{order}/a", f"{order}/v"), Approved)
    status, _ = await Running(stand).send("POST", challenge.url.removeprefix(stand.url), b"answer=confirm")
    assert status == 200
    assert [line.operation for line in await Running(stand).ledger(order)] == ["authorization"]
    body, headers = posted(item(call_of(stand, "authorization"), "AUTHORISATION"), HMAC_KEY)
    for _ in range(2):
        await reader.read(headers, body, clock.now())
        async with of_adyen(stand.url, journal, 10.0):
            await eventually(lambda: let_go(stand, order))
    await asyncio.sleep(0)
    assert [line.minor for line in await Running(stand).ledger(order)][:2] == [10_000, 10_000]


async def let_go(stand: AdyenServer, order: str) -> bool:
    return "void" in [line.operation for line in await Running(stand).ledger(order)]
