"""What the port promises, asked of a real provider process."""

import asyncio

import pytest

from tests.adapters.payment_provider.provider_process import ProviderProcess
from tradewind.kernel.errors import Invalid
from tradewind.kernel.money import Money
from tradewind.ports.payment_provider import Answer, Approved, Declined, KeyReused, PaymentProvider

APPROVE = "simulated:approve"
EUR_100 = Money(10_000, "EUR")


async def held(provider: PaymentProvider, order: str, method: str = APPROVE) -> str:
    key = f"{order}/authorize/1"
    assert isinstance(await provider.authorize(EUR_100, method, key, order), Approved)
    return key


async def taken(provider: PaymentProvider, order: str) -> str:
    key = await held(provider, order)
    assert isinstance(await provider.capture(key, EUR_100, f"{order}/capture/1"), Approved)
    return key


def code(answer: Answer | None) -> str:
    return answer.code if isinstance(answer, Declined) else ""


async def test_a_key_asked_again_moves_money_once_and_gets_the_same_answer(
    provider: PaymentProvider, process: ProviderProcess, order: str
) -> None:
    key = f"{order}/authorize/1"
    answers = await asyncio.gather(*(provider.authorize(EUR_100, APPROVE, key, order) for _ in range(50)))
    assert len(set(answers)) == 1
    assert isinstance(answers[0], Approved)
    assert [(line.operation, line.minor) for line in await process.ledger(order)] == [("authorization", 10_000)]
    assert await provider.look_up(key) == answers[0]


async def test_a_key_with_other_parameters_is_refused_and_moves_nothing(
    provider: PaymentProvider, process: ProviderProcess, order: str
) -> None:
    key = await taken(provider, order)
    with pytest.raises(KeyReused):
        await provider.authorize(Money(10_001, "EUR"), APPROVE, key, order)
    with pytest.raises(KeyReused):
        await provider.authorize(EUR_100, APPROVE, key, order + "x")
    with pytest.raises(KeyReused):  # the same words, but another verb
        await provider.refund(key, EUR_100, f"{order}/capture/1")
    assert [line.operation for line in await process.ledger(order)] == ["authorization", "capture"]


async def test_a_capture_takes_what_is_held_and_never_more(
    provider: PaymentProvider, process: ProviderProcess, order: str
) -> None:
    key = await taken(provider, order)
    assert code(await provider.capture(key, Money(1, "EUR"), f"{order}/capture/2")) == "exceeds_authorization"
    books = [(line.from_account, line.to_account, line.minor) for line in await process.ledger(order)]
    assert books == [("cardholder", "held", 10_000), ("held", "merchant", 10_000), ("held", "merchant", 0)]


async def test_a_capture_of_a_part_lets_go_of_the_rest(
    provider: PaymentProvider, process: ProviderProcess, order: str
) -> None:
    key = await held(provider, order)
    for _ in range(2):
        assert isinstance(await provider.capture(key, Money(4_000, "EUR"), f"{order}/capture/1"), Approved)
    assert code(await provider.capture(key, Money(1, "EUR"), f"{order}/capture/2")) == "exceeds_authorization"
    assert code(await provider.void(key, f"{order}/void/1")) == "already_captured"
    books = [(line.from_account, line.to_account, line.minor) for line in await process.ledger(order)]
    assert books[1:3] == [("held", "merchant", 4_000), ("held", "cardholder", 6_000)]
    assert isinstance(await provider.refund(key, Money(4_000, "EUR"), f"{order}/refund/1"), Approved)


async def test_a_capture_needs_a_live_authorization_in_its_currency(provider: PaymentProvider, order: str) -> None:
    key = f"{order}/authorize/1"
    assert code(await provider.capture(key, EUR_100, f"{order}/capture/1")) == "unknown_authorization"
    await held(provider, order)
    assert code(await provider.capture(key, Money(1, "USD"), f"{order}/capture/2")) == "currency_mismatch"
    assert isinstance(await provider.void(key, f"{order}/void/1"), Approved)
    assert code(await provider.capture(key, EUR_100, f"{order}/capture/3")) == "voided"


async def test_a_void_lets_go_of_what_is_held_as_often_as_it_is_asked(
    provider: PaymentProvider, process: ProviderProcess, order: str
) -> None:
    key = await held(provider, order)
    for attempt in (1, 2, 2):
        assert isinstance(await provider.void(key, f"{order}/void/{attempt}"), Approved)
    assert [line.minor for line in await process.ledger(order)] == [10_000, 10_000, 0]


async def test_an_authorization_voided_before_it_came_holds_no_money(
    provider: PaymentProvider, process: ProviderProcess, order: str
) -> None:
    key = f"{order}/authorize/1"
    assert isinstance(await provider.void(key, f"{order}/void/1"), Approved)
    assert code(await provider.authorize(EUR_100, APPROVE, key, order)) == "voided"
    assert code(await provider.look_up(key)) == "voided"
    assert [(line.operation, line.minor) for line in await process.ledger(order)] == [("authorization", 0)]


async def test_a_paused_workers_late_authorization_finds_the_tombstone(
    provider: PaymentProvider, process: ProviderProcess, order: str
) -> None:
    key = f"{order}/authorize/1"
    late = asyncio.create_task(provider.authorize(EUR_100, "simulated:slow-500", key, order))
    assert isinstance(await provider.void(key, f"{order}/void/1"), Approved)
    assert code(await late) == "voided"
    assert sum(line.minor for line in await process.ledger(order)) == 0


async def test_after_a_capture_a_void_is_refused_and_a_refund_gives_the_money_back(
    provider: PaymentProvider, process: ProviderProcess, order: str
) -> None:
    key = await taken(provider, order)
    assert code(await provider.void(key, f"{order}/void/1")) == "already_captured"
    assert isinstance(await provider.refund(key, EUR_100, f"{order}/refund/1"), Approved)
    assert [line.minor for line in await process.ledger(order)] == [10_000, 10_000, 0, 10_000]


async def test_fifty_refunds_at_once_never_give_back_more_than_was_captured(
    provider: PaymentProvider, process: ProviderProcess, order: str
) -> None:
    key = await taken(provider, order)
    refunds = (provider.refund(key, Money(600, "EUR"), f"{order}/refund/{n}") for n in range(50))
    answers = await asyncio.gather(*refunds)
    assert sum(isinstance(answer, Approved) for answer in answers) == 16
    assert {code(answer) for answer in answers} == {"", "exceeds_capture"}
    assert sum(line.minor for line in await process.ledger(order) if line.operation == "refund") == 9_600


async def test_nothing_captured_means_nothing_to_refund(provider: PaymentProvider, order: str) -> None:
    key = f"{order}/authorize/1"
    assert code(await provider.refund(key, EUR_100, f"{order}/refund/1")) == "unknown_authorization"
    await held(provider, order)
    assert code(await provider.refund(key, EUR_100, f"{order}/refund/2")) == "exceeds_capture"


async def test_a_key_never_seen_has_no_outcome_so_far(provider: PaymentProvider, order: str) -> None:
    assert await provider.look_up(f"{order}/authorize/1") is None


async def test_a_key_of_any_characters_is_looked_up_unharmed(provider: PaymentProvider, order: str) -> None:
    key = f"{order}/a b?c=%2F&d#e é€/"
    answer = await provider.authorize(EUR_100, APPROVE, key, order)
    assert await provider.look_up(key) == answer


@pytest.mark.parametrize(
    ("amount", "key"),
    [
        (Money(0, "EUR"), "k"),
        (Money(-1, "EUR"), "k"),
        (Money(10**15 + 1, "EUR"), "k"),
        (Money(2**70, "EUR"), "k"),
        (Money(1, "eur"), "k"),
        (Money(1, "EUR"), ""),
        (Money(1, "EUR"), "k" * 256),
    ],
)
async def test_what_cannot_be_meant_is_refused_and_not_recorded(
    provider: PaymentProvider, process: ProviderProcess, order: str, amount: Money, key: str
) -> None:
    with pytest.raises(Invalid):
        await provider.authorize(amount, APPROVE, key and key + order[: 255 - len(key)], order)
    assert await process.ledger(order) == []


async def test_the_ledger_is_read_page_by_page_without_gap_or_double(
    provider: PaymentProvider, process: ProviderProcess, order: str
) -> None:
    await taken(provider, order)
    pages = await process.all_pages(limit=3)
    assert all(len(page) == 3 for page in pages[:-1])
    positions = [line.position for page in pages for line in page]
    assert positions == list(range(1, len(positions) + 1))
