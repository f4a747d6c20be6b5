"""What every counting of requests must do, wherever it is counted, and what each process does when nobody can say."""

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.engines import address
from tests.wires import wire
from tradewind.adapters.rates.redis import RedisWindows
from tradewind.adapters.redis.link import Link
from tradewind.api.rest.rates import ALONE, GUESSED, RATES, Rate, RateLimits, Windows
from tradewind.kernel.errors import Throttled
from tradewind.kernel.ids import new_id

LIMITS = {**RATES, "read": Rate(5, 2), "login": Rate(8, 8, 3600)}
LIMIT, PROCESSES, TRIES = 300, 3, 400


class Hands:
    """A clock whose hands the test moves."""

    def __init__(self) -> None:
        self.at_s = 600.0

    def __call__(self) -> float:
        return self.at_s


@pytest.fixture
def hands() -> Hands:
    return Hands()


def by_redis(url: str, space: str, hands: Hands | None = None) -> RedisWindows:
    return RedisWindows(Link(url, "rates", answer_s=0.3, retry_s=0.05), space, clock=hands)


@pytest_asyncio.fixture(
    params=[
        pytest.param("memory", marks=pytest.mark.adapter("memory")),
        pytest.param("redis", marks=pytest.mark.engine("redis")),
    ]
)
async def ours(request: pytest.FixtureRequest, hands: Hands) -> AsyncIterator[RateLimits]:
    if request.param == "memory":
        yield RateLimits(LIMITS, windows=Windows(clock=hands))
        return
    shared = by_redis(address("REDIS_URL"), f"test:{new_id().hex}", hands)
    yield RateLimits(LIMITS, shared=shared)
    await shared.close()


async def test_who_asked_too_much_is_told_how_long_to_wait_and_then_admitted(ours: RateLimits, hands: Hands) -> None:
    assert [(await ours.of_client("read", "a")).left for _ in range(6)] == [4, 3, 2, 1, 0, -1]
    hands.at_s += 20
    refused = await ours.of_client("read", "a")
    assert (refused.left, refused.limit, refused.reset_s, refused.wait_s) == (-1, 5, 41, 41)
    with pytest.raises(Throttled):
        refused.check()
    hands.at_s += refused.wait_s
    assert (await ours.of_client("read", "a")).left >= 0


async def test_the_window_slides_so_that_no_minute_holds_twice_the_limit(ours: RateLimits, hands: Hands) -> None:
    hands.at_s += 59
    assert [(await ours.of_client("read", "a")).left for _ in range(5)][-1] == 0
    hands.at_s += 2
    assert sum([(await ours.of_client("read", "a")).left >= 0 for _ in range(10)]) == 1


async def test_another_client_another_user_and_another_class_are_counted_apart(ours: RateLimits) -> None:
    for _ in range(6):
        await ours.of_client("read", "a")
    assert (await ours.of_client("read", "b")).left == 4
    assert (await ours.of_user("read", "a")).left == 1
    assert (await ours.of_client("login", "a")).left == 7


async def test_of_many_at_once_as_many_are_admitted_as_may_be(ours: RateLimits) -> None:
    standings = await asyncio.gather(*(ours.of_client("read", "a") for _ in range(50)))
    assert sum(one.left >= 0 for one in standings) == 5


@pytest.mark.engine("redis")
async def test_the_limit_holds_across_processes() -> None:
    """Three processes ask as fast as they can, together: what is admitted is the limit, within 5 %."""
    space, url = f"test:{new_id().hex}", address("REDIS_URL")
    arguments = (sys.executable, "-m", "tests.adapters.rates.asking", url, space, str(LIMIT), str(TRIES))
    pipe = asyncio.subprocess.PIPE
    asking = [await asyncio.create_subprocess_exec(*arguments, stdin=pipe, stdout=pipe) for _ in range(PROCESSES)]
    for one in asking:
        assert one.stdout is not None
        assert await one.stdout.readline() == b"ready\n"
    admitted = [int(said) for said, _ in await asyncio.gather(*(one.communicate(b"go\n") for one in asking))]
    assert all(admitted), "each had its turn"
    assert LIMIT * 0.95 <= sum(admitted) <= LIMIT * 1.05


@pytest.mark.engine("redis")
async def test_without_redis_each_process_counts_for_itself_and_guessers_get_a_share(hands: Hands) -> None:
    async with wire(address("REDIS_URL")) as line:
        shared = by_redis(line.url, f"test:{new_id().hex}", hands)
        ours = RateLimits(LIMITS, windows=Windows(clock=hands), shared=shared)
        assert (await ours.of_client("read", "a")).left == 4
        line.cut()
        assert [(await ours.of_client("read", "a")).left >= 0 for _ in range(6)] == [True] * 5 + [False]
        standings = [await ours.of_client("login", "a") for _ in range(3)]
        assert [one.left for one in standings] == [1, 0, -1]
        assert standings[0].limit == LIMITS["login"].per_client // ALONE
        line.mend()

        async def counts_together() -> bool:
            return (await ours.of_client("login", "b")).limit == LIMITS["login"].per_client

        async with asyncio.timeout(20):
            while not await counts_together():  # noqa: ASYNC110 -- it is asked again when it may be back
                await asyncio.sleep(0.01)
        await shared.close()


def test_every_class_in_which_somebody_may_be_guessing_is_known_and_stays_usable() -> None:
    assert set(RATES) > GUESSED
    assert all(min(RATES[name].per_client, RATES[name].per_user) >= ALONE for name in GUESSED)
    unlimited: Any = {"read", "write", "ai"}
    assert set(RATES) - GUESSED == unlimited
