"""For every provider and every way in which an answer or a notice goes wrong: one charge or none, and one state."""

import asyncio

import pytest

from tests.adapters.payment_provider.parties import Party
from tests.adapters.payment_provider.test_contract import APPROVE, EUR_100, HELD, LET_GO, TAKEN, code, settled
from tradewind.adapters.payment_provider.journaled.api import NEW_MARK
from tradewind.adapters.payment_provider.wire import Call
from tradewind.kernel.errors import Unavailable
from tradewind.ports.payment_provider import ActionRequired, Answer, Approved, PaymentProvider
from tradewind.runtime import failpoints

BEFORE = ("timeout", "error")
AFTER = ("timeout-after", "lost-answer", "torn-answer", "garbled", "error-after")
"""Whether the charge had been made when the answer went wrong."""
NOTICES = ("before", "at", "after", "doubled", "processing", "late")


async def ask(provider: PaymentProvider, verb: Call, order: str, method: str = APPROVE) -> Answer:
    """One call of this kind, with the keys that this order always uses."""
    match verb:
        case "authorization":
            return await provider.authorize(EUR_100, method, f"{order}/a", order)
        case "capture":
            return await provider.capture(f"{order}/a", EUR_100, f"{order}/c")
        case "void":
            return await provider.void(f"{order}/a", f"{order}/v")
        case _:
            return await provider.refund(f"{order}/a", EUR_100, f"{order}/r")


async def undo(provider: PaymentProvider, order: str) -> None:
    """As the shop cancels: let go; what turns out to be captured is given back."""
    answer = await settled(lambda: provider.void(f"{order}/a", f"{order}/undo/void"))
    if code(answer) == "already_captured":
        answer = await settled(lambda: provider.refund(f"{order}/a", EUR_100, f"{order}/undo/refund"))
    assert isinstance(answer, Approved)


async def struck(each: Party, verb: Call, fault: str, order: str) -> None:
    """All that comes before this call, and the call itself, whose answer goes wrong."""
    needed: dict[Call, tuple[Call, ...]] = {"authorization": (), "refund": ("authorization", "capture")}
    for earlier in needed.get(verb, ("authorization",)):
        assert isinstance(await ask(each.provider, earlier, order), Approved)
    await each.process.strike(verb, fault)
    with pytest.raises(Unavailable):
        await ask(each.hasty, verb, order)


@pytest.mark.parametrize("fault", [*BEFORE, *AFTER])
@pytest.mark.parametrize("verb", ["authorization", "capture", "void", "refund"])
async def test_what_is_asked_again_under_its_key_is_done_once(each: Party, order: str, verb: Call, fault: str) -> None:
    await struck(each, verb, fault, order)
    answer = await settled(lambda: ask(each.other, verb, order))
    assert isinstance(answer, Approved)
    assert await each.provider.look_up({"authorization": f"{order}/a"}.get(verb, f"{order}/{verb[0]}")) == answer
    expected = {"authorization": [HELD], "capture": [HELD, TAKEN], "void": [HELD, LET_GO]}
    assert await each.moved(order) == expected.get(verb, [HELD, TAKEN, ("refund", 10_000)])


@pytest.mark.parametrize("fault", [*BEFORE, *AFTER])
@pytest.mark.parametrize("verb", ["authorization", "capture"])
async def test_what_is_undone_instead_costs_the_buyer_nothing(each: Party, order: str, verb: Call, fault: str) -> None:
    await struck(each, verb, fault, order)
    await undo(each.other, order)
    assert await each.held(order) == 0
    late = await settled(lambda: ask(each.provider, "authorization", order))
    assert (
        code(late) == "voided" or verb == "capture" or isinstance(await each.provider.look_up(f"{order}/a"), Approved)
    )
    assert await each.held(order) == 0


async def test_a_decline_moves_nothing_and_stays(each: Party, order: str) -> None:
    for client in (each.provider, each.other):
        assert code(await ask(client, "authorization", order, "simulated:decline")) == "insufficient_funds"
    await undo(each.provider, order)
    assert code(await each.other.look_up(f"{order}/a")) == "insufficient_funds"
    assert await each.moved(order) == []


@pytest.mark.parametrize("when", NOTICES)
async def test_a_notice_at_any_time_and_twice_leaves_one_charge_and_one_state(
    each: Party, order: str, when: str
) -> None:
    answer = await ask(each.provider, "authorization", order, f"simulated:notice-{when}")
    told = await each.heard_of(f"{order}/a", times=2 if when == "doubled" else 1)
    assert when != "doubled" or len({notice.notice_id for notice in told}) == 1
    states = [await client.look_up(f"{order}/a") for client in (each.provider, each.other)]
    assert states == [answer, answer]
    assert isinstance(await ask(each.provider, "capture", order), Approved)
    assert await each.moved(order) == [HELD, TAKEN]


@pytest.mark.parametrize("fault", AFTER)
async def test_a_notice_settles_what_had_no_answer(each: Party, order: str, fault: str) -> None:
    await each.process.strike("authorization", fault)
    with pytest.raises(Unavailable):
        await ask(each.hasty, "authorization", order, "simulated:notice-at")
    await each.heard_of(f"{order}/a")
    assert isinstance(await each.other.look_up(f"{order}/a"), Approved)
    assert isinstance(await ask(each.other, "capture", order), Approved)
    assert await each.moved(order) == [HELD, TAKEN]


async def test_a_notice_after_the_cancellation_brings_nothing_back(each: Party, order: str) -> None:
    answer = await ask(each.provider, "authorization", order, "simulated:notice-late")
    await each.heard_of(f"{order}/a")
    await undo(each.provider, order)
    if each.name != "adyen":  # Adyen tells of the cancellation itself
        await each.heard_of(f"{order}/a", times=2)
    assert await each.other.look_up(f"{order}/a") == answer
    assert code(await ask(each.other, "capture", order)) == "voided"
    assert await each.moved(order) == [HELD, LET_GO]


@pytest.mark.parametrize("word", ["confirm", "fail"])
@pytest.mark.parametrize("fault", ["", "error", "timeout"])
async def test_a_buyer_who_proves_themselves_and_comes_back_is_charged_once_or_not_at_all(
    each: Party, order: str, word: str, fault: str
) -> None:
    challenge = await ask(each.provider, "authorization", order, "simulated:challenge-never")
    assert isinstance(challenge, ActionRequired)
    assert await each.other.look_up(f"{order}/a") == challenge
    await each.prove(challenge.url, word)
    if fault:
        await each.process.strike("look_up", fault)
    for _ in range(2):  # two tabs
        await each.come_back(f"{order}/a")
    if fault:
        with pytest.raises(Unavailable):
            await each.hasty.look_up(f"{order}/a")
    answers = {await settled(lambda: each.other.look_up(f"{order}/a")), await each.provider.look_up(f"{order}/a")}
    assert len(answers) == 1
    if word == "fail":
        assert code(answers.pop()) == "challenge_failed"
        assert await each.moved(order) == []
        return
    assert isinstance(answers.pop(), Approved)
    assert isinstance(await ask(each.provider, "capture", order), Approved)
    assert await each.moved(order) == [HELD, TAKEN]


async def test_a_capture_that_the_bank_refuses_is_told_at_once_or_by_a_notice(each: Party, order: str) -> None:
    await ask(each.provider, "authorization", order, "simulated:decline-capture")
    answer = await ask(each.provider, "capture", order)
    if each.name == "adyen":  # it accepts first, and decides afterwards
        assert isinstance(answer, Approved) or code(answer) == "capture_refused", "the notice may be the faster one"
        assert any(notice.failed for notice in await each.heard_of(f"{order}/c"))
        answer = await each.other.look_up(f"{order}/c") or answer
    assert code(answer) == "capture_refused"
    assert await ask(each.other, "capture", order) == answer
    assert isinstance(await ask(each.other, "void", order), Approved)
    assert await each.moved(order) == [HELD, LET_GO]


async def test_a_slow_answer_is_found_later_and_charged_once(each: Party, order: str) -> None:
    with pytest.raises(Unavailable):
        await ask(each.hasty, "authorization", order, "simulated:slow-800")
    answer = await settled(lambda: ask(each.other, "authorization", order, "simulated:slow-800"))
    assert isinstance(answer, Approved)
    assert await each.moved(order) == [HELD]


async def test_twenty_at_once_with_lost_answers_are_charged_once(each: Party, order: str) -> None:
    await each.process.strike("authorization", "lost-answer", times=3)
    clients = (each.provider, each.other)
    answers = await asyncio.gather(
        *(settled(lambda n=n: ask(clients[n % 2], "authorization", order)) for n in range(20))  # type: ignore[misc]
    )
    await each.process.strike("authorization", "lost-answer", times=0)
    assert len(set(answers)) == 1
    assert await each.moved(order) == [HELD]


async def test_a_try_that_is_asked_as_if_it_were_the_first_is_noticed(
    each: Party, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if each.name not in ("stripe", "adyen"):
        pytest.skip(f"{each.name} is asked without a journal; the bug is planted there")
    monkeypatch.setattr(failpoints, "_TEST_BUILD", True)
    monkeypatch.setattr(failpoints, "_PLANTED", frozenset({NEW_MARK}))
    await struck(each, "authorization", "lost-answer", order)
    await settled(lambda: ask(each.other, "authorization", order))
    assert await each.moved(order) == [HELD, HELD]
