"""The payment failure path: retries as stated, circuit open, REST instead, circuit closed again; on a held clock."""

import asyncio
from datetime import UTC, datetime

import pytest

from tests.payments.conftest import Pair, Till, a_till
from tests.shops import Shop
from tradewind.adapters.payment_provider.wire import Call
from tradewind.contexts.payments._fallback.breaker import State
from tradewind.contexts.payments._fallback.routes import Holder, StoredRoutes
from tradewind.kernel.clock import driven
from tradewind.kernel.errors import Unavailable
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.ports.payment_provider import Answer, Approved, Declined, NeverAsked
from tradewind.runtime.telemetry import metrics

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
EUR_100 = Money(10_000, "EUR")
OUTAGE = 1_000
ROUTE = "SELECT provider, doubts FROM payments.route WHERE authorization_key = $1"


async def authorize(till: Till, order: str, method: str = "simulated:approve") -> Answer:
    return await till.provider.authorize(EUR_100, method, f"{order}/a", order)


async def open_circuit(till: Till, pair: Pair) -> None:
    """The gateway fails for two buyers, five times each."""
    await pair.books.strike("authorization", "error", times=10)
    for _ in range(2):
        with pytest.raises(Unavailable):
            await authorize(till, str(new_id()))
    assert till.breaker.state() is State.OPEN


async def test_the_whole_failure_path_to_the_millisecond(till: Till, pair: Pair) -> None:
    with driven(NOON) as clock:
        await pair.books.strike("authorization", "error", times=OUTAGE)
        first, second, third = (str(new_id()) for _ in range(3))
        with pytest.raises(Unavailable):
            await authorize(till, first)
        assert clock.slept == [0.2, 0.4, 0.8, 1.6], "five attempts, four pauses, each twice as long"
        assert till.breaker.state() is State.CLOSED, "five failures are too few to conclude anything"
        with pytest.raises(Unavailable):
            await authorize(till, second)
        assert clock.slept == [0.2, 0.4, 0.8, 1.6] * 2
        opened_at = clock.moment
        assert till.breaker.state() is State.OPEN

        assert isinstance(await authorize(till, third), Approved)
        assert clock.moment == opened_at, "REST is asked at once"
        assert await pair.operations(third) == ([], ["authorization"])

        await pair.books.strike("authorization", "error", times=0)
        await pair.books.strike("look_up", "error", times=1)
        clock.pass_by(29.999)
        assert till.breaker.state() is State.OPEN
        clock.pass_by(0.001)
        assert till.breaker.state() is State.HALF_OPEN
        assert isinstance(await authorize(till, str(new_id())), Approved)
        assert till.breaker.state() is State.OPEN, "the probe failed, and the buyer went to REST"

        clock.pass_by(59.999)
        assert till.breaker.state() is State.OPEN
        clock.pass_by(0.001)
        served = [str(new_id()) for _ in range(3)]
        for order, expected in zip(served, (State.HALF_OPEN, State.HALF_OPEN, State.CLOSED), strict=True):
            assert isinstance(await authorize(till, order), Approved)
            assert till.breaker.state() is expected
        assert await pair.operations(served[0]) == ([], ["authorization"])
        assert await pair.operations(served[2]) == (["authorization"], []), "the gateway is asked again"
        assert len(clock.slept) == 8, "no buyer waited for a gateway that was known to be down"


@pytest.mark.parametrize(("chance", "pauses"), [(0.0, [0.1, 0.2, 0.4, 0.8]), (0.5, [0.15, 0.3, 0.6, 1.2])])
async def test_jitter_lies_in_the_upper_half_of_each_pause(
    pair: Pair, shop: Shop, order: str, chance: float, pauses: list[float]
) -> None:
    with driven(NOON) as clock:
        async with a_till(pair, shop, chance=chance) as till:
            await pair.books.strike("authorization", "error", times=5)
            with pytest.raises(Unavailable):
                await authorize(till, order)
            assert clock.slept == pytest.approx(pauses)


@pytest.mark.parametrize("failures", [1, 2, 3, 4])
async def test_an_answer_within_five_attempts_is_the_answer(till: Till, pair: Pair, order: str, failures: int) -> None:
    with driven(NOON) as clock:
        await pair.books.strike("authorization", "error", times=failures)
        assert isinstance(await authorize(till, order), Approved)
        assert clock.slept == [0.2, 0.4, 0.8, 1.6][:failures]
        assert await pair.operations(order) == (["authorization"], [])


async def test_a_no_is_an_answer_and_is_never_tried_elsewhere(till: Till, pair: Pair, order: str) -> None:
    for _ in range(20):
        answer = await authorize(till, order, "simulated:decline")
        assert isinstance(answer, Declined)
    assert till.breaker.state() is State.CLOSED
    assert await pair.operations(order) == (["authorization"], [])


@pytest.mark.parametrize("fault", ["lost-answer", "torn-answer", "garbled", "error-after"])
async def test_an_unknown_outcome_stays_with_the_gateway_even_when_the_circuit_opens(
    till: Till, pair: Pair, order: str, fault: str
) -> None:
    with driven(NOON):
        await pair.books.strike("authorization", fault, times=10)
        for _ in range(2):
            with pytest.raises(Unavailable):
                await authorize(till, order)
        assert till.breaker.state() is State.OPEN
        with pytest.raises(Unavailable):
            await authorize(till, order)
        with pytest.raises(Unavailable):
            await till.provider.void(f"{order}/a", f"{order}/v")
        soap, rest = await pair.ledgers(order)
        assert ([line.minor for line in soap], rest) == ([10_000], []), "held once, and nothing at REST"


async def test_what_the_gateway_may_hold_is_settled_there_once_it_is_back(till: Till, pair: Pair, order: str) -> None:
    with driven(NOON) as clock:
        await pair.books.strike("authorization", "error-after", times=10)
        for _ in range(2):
            with pytest.raises(Unavailable):
                await authorize(till, order)
        clock.pass_by(30)
        for _ in range(2):
            with pytest.raises(Unavailable):
                await till.provider.look_up(f"{order}/a")
        assert isinstance(await till.provider.look_up(f"{order}/a"), Approved)
        assert isinstance(await till.provider.void(f"{order}/a", f"{order}/v"), Approved)
        assert await pair.operations(order) == (["authorization", "void"], [])


async def test_a_gateway_that_is_not_reached_was_not_asked_so_rest_is(till: Till, pair: Pair, order: str) -> None:
    await pair.gateway.stop()
    with driven(NOON) as clock:
        before = metrics.payment_fallbacks_total._value.get()
        assert isinstance(await authorize(till, order), Approved)
        assert clock.slept == [0.2, 0.4, 0.8, 1.6]
        assert metrics.payment_fallbacks_total._value.get() == before + 1
        assert [line.operation for line in await pair.rest.ledger(order)] == ["authorization"]
        assert tuple(await till.shop.db.pool.fetchrow(ROUTE, f"{order}/a")) == ("rest", 0)


async def test_one_doubt_keeps_a_payment_from_rest_however_often_the_gateway_is_not_reached(
    till: Till, pair: Pair, order: str
) -> None:
    with driven(NOON):
        await pair.books.strike("authorization", "error", times=5)
        with pytest.raises(Unavailable):
            await authorize(till, order)
        await pair.gateway.stop()
        with pytest.raises(Unavailable):
            await authorize(till, order)
    assert await pair.rest.ledger(order) == []
    assert tuple(await till.shop.db.pool.fetchrow(ROUTE, f"{order}/a")) == ("soap", 1)


async def test_a_process_that_died_before_it_asked_leaves_its_doubt(till: Till, pair: Pair, order: str) -> None:
    """Whether it had sent its question nobody can know, so the payment is the gateway's."""
    await StoredRoutes(till.shop.db).begin(f"{order}/a")
    await pair.gateway.stop()
    with driven(NOON), pytest.raises(NeverAsked):
        await authorize(till, order)
    assert await pair.rest.ledger(order) == []


async def test_two_workers_with_one_payment_never_take_it_to_both(pair: Pair, shop: Shop) -> None:
    """One of them knows that the gateway is down, the other one does not."""
    async with a_till(pair, shop) as knows, a_till(pair, shop) as hopes:
        with driven(NOON):
            await open_circuit(knows, pair)
            orders = [str(new_id()) for _ in range(40)]
            calls = [one for order in orders for one in (authorize(knows, order), authorize(hopes, order))]
            answers = await asyncio.gather(*calls, return_exceptions=True)
            assert sum(isinstance(answer, Approved) for answer in answers) >= 40
            for order in orders:
                soap, rest = await pair.ledgers(order)
                assert len(soap) + len(rest) == 1, order


@pytest.mark.parametrize("circuit", ["closed", "open"])
async def test_a_void_that_comes_first_is_found_by_the_late_authorization(
    till: Till, pair: Pair, order: str, circuit: str
) -> None:
    with driven(NOON) as clock:
        if circuit == "open":
            await open_circuit(till, pair)
        assert isinstance(await till.provider.void(f"{order}/a", f"{order}/v"), Approved)
        clock.pass_by(300)
        for _ in range(4):
            answer = await authorize(till, order)
            assert isinstance(answer, Declined)
            assert answer.code == "voided"


async def test_each_payment_is_captured_and_refunded_where_it_is_held(till: Till, pair: Pair) -> None:
    here, there = str(new_id()), str(new_id())
    with driven(NOON) as clock:
        assert isinstance(await authorize(till, here), Approved)
        await open_circuit(till, pair)
        assert isinstance(await authorize(till, there), Approved)
        with pytest.raises(Unavailable):
            await till.provider.capture(f"{here}/a", EUR_100, f"{here}/c")
        assert isinstance(await till.provider.capture(f"{there}/a", EUR_100, f"{there}/c"), Approved)
        clock.pass_by(30)
        for order in (here, there):
            for _ in range(2):
                with_gateway = till.breaker.state() is not State.CLOSED and order == here
                if with_gateway:
                    with pytest.raises(Unavailable):
                        await till.provider.capture(f"{order}/a", EUR_100, f"{order}/c")
            assert isinstance(await till.provider.capture(f"{order}/a", EUR_100, f"{order}/c"), Approved)
            assert isinstance(await till.provider.refund(f"{order}/a", EUR_100, f"{order}/r"), Approved)
            assert isinstance(await till.provider.look_up(f"{order}/r"), Approved)
    everything = ["authorization", "capture", "refund"]
    assert (await pair.operations(here), await pair.operations(there)) == ((everything, []), ([], everything))


async def test_a_payment_from_before_the_gateway_is_rests(till: Till, pair: Pair, order: str) -> None:
    """The owner chose the gateway later; what REST held already is captured, and voided, there."""
    from tradewind.adapters.payment_provider.client import payment_provider

    other = str(new_id())
    async with payment_provider(pair.rest.url, timeout_s=5) as rest:
        for one in (order, other):
            assert isinstance(await rest.authorize(EUR_100, "simulated:approve", f"{one}/a", one), Approved)
    assert isinstance(await till.provider.look_up(f"{order}/a"), Approved)
    assert isinstance(await till.provider.capture(f"{order}/a", EUR_100, f"{order}/c"), Approved)
    assert isinstance(await till.provider.void(f"{other}/a", f"{other}/v"), Approved)
    assert [line.minor for line in await pair.rest.ledger(other)] == [10_000, 10_000]
    assert await pair.books.ledger(order) == []


@pytest.mark.parametrize("verb", ["capture", "refund", "void", "look_up"])
async def test_every_verb_is_repeated_in_the_same_way(till: Till, pair: Pair, order: str, verb: Call) -> None:
    with driven(NOON) as clock:
        assert isinstance(await authorize(till, order), Approved)
        if verb == "refund":
            await till.provider.capture(f"{order}/a", EUR_100, f"{order}/c")
        await pair.books.strike(verb, "error", times=4)
        match verb:
            case "capture":
                answer: Answer | None = await till.provider.capture(f"{order}/a", EUR_100, f"{order}/c")
            case "refund":
                answer = await till.provider.refund(f"{order}/a", EUR_100, f"{order}/r")
            case "void":
                answer = await till.provider.void(f"{order}/a", f"{order}/v")
            case _:
                answer = await till.provider.look_up(f"{order}/a")
        assert isinstance(answer, Approved)
        assert clock.slept == [0.2, 0.4, 0.8, 1.6]


async def test_the_book_of_routes_lets_nobody_have_two_holders(shop: Shop, order: str) -> None:
    routes = StoredRoutes(shop.db)
    assert await routes.find(order) is None
    wishes = [routes.begin(order) if n % 2 else routes.take_elsewhere(order) for n in range(20)]
    assert len(set(await asyncio.gather(*wishes))) == 1
    other = str(new_id())
    assert [await routes.begin(other) for _ in range(2)] == [Holder.SOAP] * 2
    assert await routes.never_sent(other) is Holder.SOAP
    assert await routes.never_sent(other) is Holder.REST
    assert await routes.begin(other) is Holder.REST
    assert await routes.never_sent(other) is Holder.REST
