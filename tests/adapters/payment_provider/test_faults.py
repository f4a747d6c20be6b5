"""Every scripted fault, seen through the client: a hidden outcome is unknown, and can be settled by its key."""

import subprocess
import sys

import pytest

from tests.adapters.payment_provider.provider_process import MODULE, ProviderProcess
from tradewind.adapters.payment_provider.simulator.faults import FAULTS, strike_of, strike_of_method
from tradewind.adapters.payment_provider.wire import Call
from tradewind.kernel.errors import Unavailable
from tradewind.kernel.money import Money
from tradewind.ports.payment_provider import Answer, Approved, Declined, PaymentProvider

EUR_100 = Money(10_000, "EUR")


async def ask(provider: PaymentProvider, verb: Call, order: str, method: str = "simulated:approve") -> Answer | None:
    """One call of this kind, with the keys that this order always uses."""
    authorization = f"{order}/authorization"
    match verb:
        case "authorization":
            return await provider.authorize(EUR_100, method, authorization, order)
        case "capture":
            return await provider.capture(authorization, EUR_100, f"{order}/capture")
        case "void":
            return await provider.void(authorization, f"{order}/void")
        case "refund":
            return await provider.refund(authorization, EUR_100, f"{order}/refund")
        case "look_up":
            return await provider.look_up(authorization)


async def before(provider: PaymentProvider, verb: Call, order: str) -> None:
    """What must have happened for this call to make sense."""
    needed: dict[Call, tuple[Call, ...]] = {"authorization": (), "refund": ("authorization", "capture")}
    for earlier in needed.get(verb, ("authorization",)):
        assert isinstance(await ask(provider, earlier, order), Approved)


@pytest.mark.parametrize("fault", ["lost-answer", "torn-answer", "garbled", "error-after"])
async def test_an_authorization_whose_answer_is_lost_is_held_once(
    provider: PaymentProvider, process: ProviderProcess, order: str, fault: str
) -> None:
    with pytest.raises(Unavailable):
        await ask(provider, "authorization", order, f"simulated:{fault}")
    assert isinstance(await ask(provider, "authorization", order, f"simulated:{fault}"), Approved)
    assert [line.operation for line in await process.ledger(order)] == ["authorization"]


@pytest.mark.parametrize("fault", ["lost-capture", "error-after-capture"])
async def test_a_capture_whose_answer_is_lost_takes_the_money_once(
    provider: PaymentProvider, process: ProviderProcess, order: str, fault: str
) -> None:
    assert isinstance(await ask(provider, "authorization", order, f"simulated:{fault}"), Approved)
    with pytest.raises(Unavailable):
        await ask(provider, "capture", order)
    assert isinstance(await provider.look_up(f"{order}/capture"), Approved)
    assert isinstance(await ask(provider, "capture", order), Approved)
    assert [line.operation for line in await process.ledger(order)] == ["authorization", "capture"]


async def test_an_authorization_that_times_out_leaves_nothing_behind(
    hasty: PaymentProvider, provider: PaymentProvider, process: ProviderProcess, order: str
) -> None:
    for _ in range(2):
        with pytest.raises(Unavailable):
            await ask(hasty, "authorization", order, "simulated:timeout")
    assert await ask(provider, "look_up", order) is None
    assert isinstance(await ask(provider, "void", order), Approved)
    assert await process.ledger(order) == []


async def test_an_authorization_that_times_out_after_the_fact_is_found_by_look_up(
    hasty: PaymentProvider, provider: PaymentProvider, process: ProviderProcess, order: str
) -> None:
    for _ in range(2):
        with pytest.raises(Unavailable):
            await ask(hasty, "authorization", order, "simulated:timeout-after")
    assert isinstance(await ask(provider, "look_up", order), Approved)
    assert isinstance(await ask(provider, "capture", order), Approved)
    assert [line.operation for line in await process.ledger(order)] == ["authorization", "capture"]


async def test_errors_stop_after_as_many_tries_as_the_method_says(
    provider: PaymentProvider, process: ProviderProcess, order: str
) -> None:
    for _ in range(2):
        with pytest.raises(Unavailable):
            await ask(provider, "authorization", order, "simulated:error-2")
        assert await process.ledger(order) == []
    assert isinstance(await ask(provider, "authorization", order, "simulated:error-2"), Approved)


async def test_errors_without_a_number_never_stop(provider: PaymentProvider, order: str) -> None:
    for _ in range(5):
        with pytest.raises(Unavailable):
            await ask(provider, "authorization", order, "simulated:error")


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("simulated:decline", "insufficient_funds"),
        ("simulated:", "unknown_method"),
        ("simulated:slow", "unknown_method"),
        ("simulated:slow-60001", "unknown_method"),
        ("simulated:error--1", "unknown_method"),
        ("simulated:decline-2", "unknown_method"),
        ("visa:4242", "unknown_method"),
    ],
)
async def test_a_declined_authorization_stays_declined_and_holds_nothing(
    provider: PaymentProvider, process: ProviderProcess, order: str, method: str, code: str
) -> None:
    for _ in range(2):
        answer = await ask(provider, "authorization", order, method)
        assert isinstance(answer, Declined)
        assert answer.code == code
    assert [(line.outcome, line.minor) for line in await process.ledger(order)] == [("declined", 0)]
    assert isinstance(await ask(provider, "void", order), Approved)


async def test_a_declined_capture_leaves_the_money_held_to_be_voided(
    provider: PaymentProvider, process: ProviderProcess, order: str
) -> None:
    assert isinstance(await ask(provider, "authorization", order, "simulated:decline-capture"), Approved)
    answer = await ask(provider, "capture", order)
    assert isinstance(answer, Declined)
    assert answer.code == "capture_refused"
    assert isinstance(await ask(provider, "void", order), Approved)
    assert [line.minor for line in await process.ledger(order)] == [10_000, 0, 10_000]


@pytest.mark.parametrize("verb", ["authorization", "capture", "void", "refund", "look_up"])
@pytest.mark.parametrize("fault", ["torn-answer", "garbled", "error-after", "error"])
async def test_a_fault_scripted_over_the_wire_strikes_once_whatever_the_method(
    provider: PaymentProvider, process: ProviderProcess, order: str, verb: Call, fault: str
) -> None:
    await once(provider, process, order, verb, fault)


@pytest.mark.parametrize("verb", ["authorization", "capture", "void", "refund"])  # GET is asked again by aiohttp itself
async def test_a_connection_reset_over_the_wire_is_an_unknown_outcome(
    provider: PaymentProvider, process: ProviderProcess, order: str, verb: Call
) -> None:
    await once(provider, process, order, verb, "lost-answer")


async def once(provider: PaymentProvider, process: ProviderProcess, order: str, verb: Call, fault: str) -> None:
    """Script the fault, meet it once, and find the operation done, once."""
    await before(provider, verb, order)
    await process.strike(verb, fault)
    with pytest.raises(Unavailable):
        await ask(provider, verb, order)
    assert isinstance(await ask(provider, verb, order), Approved)
    lines = await process.ledger(order)
    assert len({line.key for line in lines}) == len(lines)


@pytest.mark.parametrize("verb", ["authorization", "capture", "void", "refund", "look_up"])
@pytest.mark.parametrize("fault", ["timeout", "timeout-after"])
async def test_silence_scripted_over_the_wire_is_an_unknown_outcome(
    hasty: PaymentProvider, provider: PaymentProvider, process: ProviderProcess, order: str, verb: Call, fault: str
) -> None:
    await before(provider, verb, order)
    await process.strike(verb, fault, times=2)
    for _ in range(2):
        with pytest.raises(Unavailable):
            await ask(hasty, verb, order)
    assert isinstance(await ask(provider, verb, order), Approved)


async def test_a_scripted_fault_can_be_taken_back(
    provider: PaymentProvider, process: ProviderProcess, order: str
) -> None:
    await process.strike("authorization", "error", times=1_000)
    await process.strike("authorization", "error", times=0)
    assert isinstance(await ask(provider, "authorization", order), Approved)


@pytest.mark.parametrize(
    "body", [b'{"operation":"capture","fault":"nonsense"}', b'{"operation":"theft","fault":"error"}', b"{", b""]
)
async def test_a_fault_that_does_not_exist_is_refused(process: ProviderProcess, body: bytes) -> None:
    assert (await process.send("POST", "/v1/faults", body))[0] == 400


def test_every_fault_has_a_method_and_is_told_by_help() -> None:
    said = subprocess.run([sys.executable, "-m", MODULE, "--help"], capture_output=True, text=True, check=True).stdout
    for fault in FAULTS:
        assert f"simulated:{fault.name}" in said
        assert fault.says in said
        name = f"{fault.name}-7" if fault.number else fault.name
        strike = strike_of(name)
        assert strike is not None
        assert strike.fault is fault
        assert strike_of_method(f"simulated:{name}") == strike
        assert strike_of_method(name) is None
