"""What the port promises, asked of every provider that the shop can be given."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from tests.adapters.payment_provider.parties import Party, eventually
from tradewind.kernel.errors import Invalid, Unavailable
from tradewind.kernel.money import Money
from tradewind.ports.payment_provider import ActionRequired, Answer, Approved, Declined, KeyReused

T = TypeVar("T")
APPROVE = "simulated:approve"
EUR_100 = Money(10_000, "EUR")
HELD, TAKEN, LET_GO = ("authorization", 10_000), ("capture", 10_000), ("void", 10_000)


async def held(each: Party, order: str, method: str = APPROVE) -> str:
    key = f"{order}/authorize/1"
    assert isinstance(await each.provider.authorize(EUR_100, method, key, order), Approved)
    return key


async def taken(each: Party, order: str) -> str:
    key = await held(each, order)
    assert isinstance(await each.provider.capture(key, EUR_100, f"{order}/capture/1"), Approved)
    return key


def code(answer: Answer | None) -> str:
    return answer.code if isinstance(answer, Declined) else ""


async def settled(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask again until the outcome is known, as a saga does."""
    async with asyncio.timeout(20):
        while True:
            try:
                return await ask()
            except Unavailable:
                await asyncio.sleep(0.05)


async def test_a_key_asked_again_moves_money_once_and_gets_the_same_answer(each: Party, order: str) -> None:
    key = f"{order}/authorize/1"
    clients = (each.provider, each.other)

    async def ask(n: int) -> Answer:
        return await settled(lambda: clients[n % 2].authorize(EUR_100, APPROVE, key, order))

    answers = await asyncio.gather(*(ask(n) for n in range(50)))
    assert len(set(answers)) == 1
    assert isinstance(answers[0], Approved)
    assert await each.moved(order) == [HELD]
    assert await each.other.look_up(key) == answers[0]


async def test_a_key_with_other_parameters_is_refused_and_moves_nothing(each: Party, order: str) -> None:
    key = await taken(each, order)
    with pytest.raises(KeyReused):
        await each.provider.authorize(Money(10_001, "EUR"), APPROVE, key, order)
    with pytest.raises(KeyReused):
        await each.other.authorize(EUR_100, APPROVE, key, order + "x")
    with pytest.raises(KeyReused):  # the same words, but another verb
        await each.provider.refund(key, EUR_100, f"{order}/capture/1")
    with pytest.raises(KeyReused):  # a key of another order
        await each.provider.void(f"{order}/other", f"{order}/capture/1")
    assert await each.moved(order) == [HELD, TAKEN]


async def test_a_capture_takes_what_is_held_and_never_more(each: Party, order: str) -> None:
    key = await held(each, order)
    assert code(await each.provider.capture(key, Money(10_001, "EUR"), f"{order}/capture/0")) == "exceeds_authorization"
    assert isinstance(await each.provider.capture(key, EUR_100, f"{order}/capture/1"), Approved)
    assert code(await each.other.capture(key, Money(1, "EUR"), f"{order}/capture/2")) == "exceeds_authorization"
    assert isinstance(await each.other.look_up(f"{order}/capture/1"), Approved)
    assert await each.moved(order) == [HELD, TAKEN]


async def test_a_capture_of_a_part_leaves_nothing_to_capture(each: Party, order: str) -> None:
    key = await held(each, order)
    assert isinstance(await each.provider.capture(key, Money(4_000, "EUR"), f"{order}/capture/1"), Approved)
    assert code(await each.provider.capture(key, Money(1, "EUR"), f"{order}/capture/2")) == "exceeds_authorization"
    assert code(await each.provider.refund(key, Money(4_001, "EUR"), f"{order}/refund/1")) == "exceeds_capture"
    assert isinstance(await each.provider.refund(key, Money(4_000, "EUR"), f"{order}/refund/2"), Approved)


async def test_a_capture_needs_a_live_authorization_in_its_currency(each: Party, order: str) -> None:
    key = f"{order}/authorize/1"
    assert code(await each.provider.capture(key, EUR_100, f"{order}/capture/1")) == "unknown_authorization"
    await held(each, order)
    assert code(await each.provider.capture(key, Money(1, "USD"), f"{order}/capture/2")) == "currency_mismatch"
    assert isinstance(await each.provider.void(key, f"{order}/void/1"), Approved)
    assert code(await each.provider.capture(key, EUR_100, f"{order}/capture/3")) == "voided"
    assert await each.held(order) == 0


async def test_a_void_lets_go_of_what_is_held_as_often_as_it_is_asked(each: Party, order: str) -> None:
    key = await held(each, order)
    for attempt in (1, 2, 2):
        assert isinstance(await each.provider.void(key, f"{order}/void/{attempt}"), Approved)
    assert await each.moved(order) == [HELD, LET_GO]
    assert isinstance(await each.other.look_up(key), Approved)  # it was held once: what was said stays said


async def test_an_authorization_voided_before_it_came_holds_no_money(each: Party, order: str) -> None:
    key = f"{order}/authorize/1"
    assert isinstance(await each.provider.void(key, f"{order}/void/1"), Approved)
    assert code(await each.other.authorize(EUR_100, APPROVE, key, order)) == "voided"
    assert code(await each.provider.look_up(key)) == "voided"
    assert await each.moved(order) == []


async def test_a_paused_workers_late_authorization_holds_nothing_after_the_void(each: Party, order: str) -> None:
    key = f"{order}/authorize/1"
    late = asyncio.create_task(each.other.authorize(EUR_100, "simulated:slow-500", key, order))
    await each.asked("confirm", "/payments")
    assert isinstance(await settled(lambda: each.provider.void(key, f"{order}/void/1")), Approved)
    await asyncio.wait([late])
    assert await each.held(order) == 0


async def test_after_a_capture_a_void_is_refused_and_a_refund_gives_the_money_back(each: Party, order: str) -> None:
    key = await taken(each, order)
    assert code(await each.other.void(key, f"{order}/void/1")) == "already_captured"
    assert isinstance(await each.other.refund(key, EUR_100, f"{order}/refund/1"), Approved)
    assert isinstance(await each.provider.look_up(f"{order}/refund/1"), Approved)
    assert await each.moved(order) == [HELD, TAKEN, ("refund", 10_000)]


async def test_fifty_refunds_at_once_never_give_back_more_than_was_captured(each: Party, order: str) -> None:
    key = await taken(each, order)
    clients = (each.provider, each.other)
    answers = await asyncio.gather(
        *(clients[n % 2].refund(key, Money(600, "EUR"), f"{order}/refund/{n}") for n in range(50))
    )
    assert sum(isinstance(answer, Approved) for answer in answers) == 16
    assert {code(answer) for answer in answers} == {"", "exceeds_capture"}
    assert sum(minor for operation, minor in await each.moved(order) if operation == "refund") == 9_600


async def test_nothing_captured_means_nothing_to_refund(each: Party, order: str) -> None:
    key = f"{order}/authorize/1"
    assert code(await each.provider.refund(key, EUR_100, f"{order}/refund/1")) == "unknown_authorization"
    await held(each, order)
    assert code(await each.provider.refund(key, EUR_100, f"{order}/refund/2")) == "exceeds_capture"
    assert await each.moved(order) == [HELD]


async def test_a_declined_authorization_stays_declined_and_can_be_voided(each: Party, order: str) -> None:
    key = f"{order}/authorize/1"
    for client in (each.provider, each.other):
        assert code(await client.authorize(EUR_100, "simulated:decline", key, order)) == "insufficient_funds"
    assert code(await each.other.look_up(key)) == "insufficient_funds"
    assert isinstance(await each.provider.void(key, f"{order}/void/1"), Approved)
    assert await each.moved(order) == []


async def test_an_unknown_method_is_declined(each: Party, order: str) -> None:
    assert code(await each.provider.authorize(EUR_100, "nothing_of_theirs", f"{order}/a", order)) == "unknown_method"
    assert await each.moved(order) == []


async def test_a_key_never_seen_has_no_outcome_so_far(each: Party, order: str) -> None:
    assert await each.provider.look_up(f"{order}/authorize/1") is None


async def test_a_key_of_any_characters_is_looked_up_unharmed(each: Party, order: str) -> None:
    key = f"{order}/a b?c=%2F&d#e é€'\\/"
    answer = await each.provider.authorize(EUR_100, APPROVE, key, order)
    assert isinstance(answer, Approved)
    assert await each.other.look_up(key) == answer


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
    each: Party, order: str, amount: Money, key: str
) -> None:
    key = key and key + order[: 255 - len(key)]
    with pytest.raises(Invalid):
        await each.provider.authorize(amount, APPROVE, key, order)
    assert await each.process.ledger(order) == []


async def challenged(each: Party, order: str) -> ActionRequired:
    answer = await each.provider.authorize(EUR_100, "simulated:challenge", f"{order}/a", order)
    assert isinstance(answer, ActionRequired)
    assert await each.other.authorize(EUR_100, "simulated:challenge", f"{order}/a", order) == answer
    return answer


async def test_a_challenged_authorization_holds_nothing_until_the_buyer_confirms(each: Party, order: str) -> None:
    challenge = await challenged(each, order)
    assert await each.other.look_up(f"{order}/a") == challenge
    assert isinstance(await each.provider.capture(f"{order}/a", EUR_100, f"{order}/c"), Declined)
    assert await each.moved(order) == []
    await each.prove(challenge.url, "confirm")
    await each.heard_of(f"{order}/a")
    assert isinstance(await each.other.look_up(f"{order}/a"), Approved)
    assert isinstance(await each.other.authorize(EUR_100, "simulated:challenge", f"{order}/a", order), Approved)
    assert isinstance(await each.provider.capture(f"{order}/a", EUR_100, f"{order}/c2"), Approved)
    assert await each.moved(order) == [HELD, TAKEN]


async def test_a_challenge_that_is_failed_stays_declined(each: Party, order: str) -> None:
    challenge = await challenged(each, order)
    await each.prove(challenge.url, "fail")
    await each.heard_of(f"{order}/a")
    for client in (each.provider, each.other):
        assert code(await client.look_up(f"{order}/a")) == "challenge_failed"
    assert await each.moved(order) == []


async def nothing_held(each: Party, order: str) -> bool:
    return await each.held(order) == 0


async def test_a_buyer_who_confirms_after_the_void_is_not_charged(each: Party, order: str) -> None:
    challenge = await challenged(each, order)
    assert isinstance(await each.provider.void(f"{order}/a", f"{order}/v"), Approved)
    await each.prove(challenge.url, "confirm")
    if each.name == "adyen":  # a cancellation of what is not authorized yet comes to nothing there
        await each.heard_of(f"{order}/a")
        await eventually(lambda: nothing_held(each, order))  # it is asked again in the background
    for client in (each.provider, each.other):
        assert code(await client.look_up(f"{order}/a")) == "voided"
    assert await each.held(order) == 0
