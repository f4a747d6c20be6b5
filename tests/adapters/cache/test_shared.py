"""What several processes have in common when Redis keeps their cache, and what becomes of them when it is gone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from structlog.testing import CapturingLogger

from tests.adapters.cache.sharing import Space, shared
from tests.engines import address
from tests.wires import wire
from tradewind.adapters import absence
from tradewind.adapters.cache import redis
from tradewind.adapters.cache.redis import RedisCache
from tradewind.ports.cache import BORN, Loaded, Place

EARLY, LATER, LATEST = (1, 1), (2, 1), (3, 1)
A_WHILE_S = 60.0
pytestmark = pytest.mark.engine("redis")


@pytest_asyncio.fixture
async def space() -> AsyncIterator[Space]:
    async with shared(address("REDIS_URL")) as one:
        yield one


def loaded(cache: RedisCache, value: bytes, *tags: str, born: Place = LATER, **more: Any) -> Loaded:
    return Loaded(value, {BORN: born, **more}, cache.era, tags)


async def until(look: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await look():  # noqa: ASYNC110 -- what happens in Redis rings no bell
            await asyncio.sleep(0.01)


async def test_what_one_process_has_loaded_the_others_need_not(space: Space) -> None:
    async with space.process() as one, space.process() as other:
        await one.keep("a", loaded(one, b"1", "red"), A_WHILE_S)
        one.put("b", b"2", A_WHILE_S, at=LATER)
        await one.told()
        assert [await other.get(key) for key in "ab"] == [b"1", b"2"]


async def test_what_one_forgets_is_gone_for_those_who_come_later(space: Space) -> None:
    async with space.process() as one, space.process() as other:
        await one.keep("a", loaded(one, b"1", "red"), A_WHILE_S)
        await one.keep("b", loaded(one, b"2", "blue"), A_WHILE_S)
        one.forget("red", "b", at=LATEST)
        await one.told()
        assert [await other.get(key) for key in "ab"] == [None, None]
    assert not [key for key in await space.keys() if b":v:" in key]


async def test_of_what_is_forgotten_often_in_a_row_the_last_event_counts(space: Space) -> None:
    """All of it goes to Redis at once."""
    async with space.process() as one, space.process() as slow, space.process() as third:
        for place, by in ((LATER, BORN), (LATEST, BORN), (LATER, BORN), (EARLY, "shelf")):
            one.forget("red", at=place, by=by)
        one.forget(at=LATEST)
        one.forget("blue", at=LATER)
        await one.told()
        for key, tag, born in (("a", "red", LATER), ("b", "red", LATEST), ("c", "blue", LATER)):
            await slow.keep(key, loaded(slow, b"1", tag, born=born, shelf=EARLY), A_WHILE_S)
        await slow.told()
        assert [await third.get(key) for key in "abc"] == [None, b"1", b"1"]


async def test_what_was_loaded_after_the_event_outlives_those_who_hear_of_it_last(space: Space) -> None:
    async with space.process() as one, space.process() as slow:
        await one.keep("a", loaded(one, b"new", "red", born=LATEST), A_WHILE_S)
        await one.told()
        slow.forget("red", "a", at=LATER)
        await slow.told()
        assert await slow.get("a") == b"new"


@pytest.mark.parametrize("forgotten", ["a", "red"])
async def test_what_another_process_has_forgotten_is_not_kept_for_others(space: Space, forgotten: str) -> None:
    """The loader has not heard the event itself; Redis has been told of it by who has."""
    async with space.process() as quick, space.process() as slow, space.process() as third:
        old = loaded(slow, b"old", "red", shelf=EARLY)
        quick.forget(forgotten, at=LATEST, by="shelf")
        await quick.told()
        await slow.keep("a", old, A_WHILE_S)
        await slow.told()
        assert await third.get("a") is None
        await slow.keep("a", loaded(slow, b"new", "red", shelf=LATEST), A_WHILE_S)
        await slow.told()
        assert await third.get("a") == b"new"


async def test_a_process_that_is_behind_puts_nothing_old_over_what_is_newer(space: Space) -> None:
    async with space.process() as quick, space.process() as slow, space.process() as third:
        quick.put("a", b"new", A_WHILE_S, at=LATEST)
        await quick.told()
        slow.put("a", b"old", A_WHILE_S, at=LATER)
        await slow.keep("a", loaded(slow, b"old"), A_WHILE_S)
        await slow.told()
        assert await third.get("a") == b"new"


async def test_a_process_that_is_behind_keeps_nothing_over_what_shows_more(space: Space) -> None:
    async with space.process() as quick, space.process() as slow, space.process() as third:
        await quick.keep("a", loaded(quick, b"1", born=LATEST), A_WHILE_S)
        await quick.told()
        await slow.keep("a", loaded(slow, b"1", born=LATER), A_WHILE_S)
        await slow.told()
        assert await third.get("a", LATEST) == b"1"


async def test_a_process_that_has_heard_more_is_not_given_what_another_still_keeps(space: Space) -> None:
    """Even where the forgetting never came through: what is read says itself how old it is."""
    async with wire(address("REDIS_URL")) as line, space.process() as slow, space.process(url=line.url) as quick:
        await slow.keep("a", loaded(slow, b"old", "red"), A_WHILE_S)
        await slow.told()
        assert await quick.get("a", LATER) == b"old"
        line.hang()
        quick.forget("red", at=LATEST)
        line.mend()
        assert await quick.get("a") is None


async def test_a_new_process_is_not_given_what_was_loaded_before_it_began_to_hear(space: Space) -> None:
    async with space.process() as one:
        await one.keep("a", loaded(one, b"old"), A_WHILE_S)
        await one.told()
    async with space.process() as reborn:
        assert await reborn.get("a", LATEST) is None
        assert await reborn.get("a", LATER) == b"old"


async def test_clearing_clears_it_for_all_and_nothing_is_read_from_afar_before_it_is_done(space: Space) -> None:
    async with space.process() as one, space.process() as other:
        for key in ("a:*1", "a:*2", "b:1"):
            await one.keep(key, loaded(one, b"x"), A_WHILE_S)
        await one.told()
        other.clear("a:*")
        assert await other.get("b:1") is None, "not yet"
        await other.told()
        assert [await other.get(key) for key in ("a:*1", "a:*2", "b:1")] == [None, None, b"x"]


@pytest.mark.parametrize("how", ["cut", "hang"])
async def test_without_redis_a_process_has_what_it_keeps_itself_and_is_told_of_once(
    space: Space, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = CapturingLogger()
    monkeypatch.setattr(absence, "log", said)
    async with wire(address("REDIS_URL")) as line, space.process() as other, space.process(url=line.url) as one:
        await one.keep("mine", loaded(one, b"1"), A_WHILE_S)
        await other.keep("theirs", loaded(other, b"2"), A_WHILE_S)
        await asyncio.gather(one.told(), other.told())
        getattr(line, how)()
        assert await one.get("mine") == b"1"
        assert [await one.get("theirs") for _ in range(3)] == [None] * 3
        one.put("said", b"3", A_WHILE_S, at=LATEST)
        assert one.forget("mine", at=LATEST) == 1
        await one.told()
        assert [await one.get(key) for key in ("said", "mine")] == [b"3", None]
        assert [call.args for call in said.calls] == [("shared store is away",)]
        assert REGISTRY.get_sample_value("shared_store_away", {"part": "cache"}) == 1


async def test_what_redis_was_not_told_of_it_is_not_asked_about_when_it_is_back(space: Space) -> None:
    """It would have been forgotten: a process that begins meanwhile must not find it there."""
    async with wire(address("REDIS_URL")) as line, space.process(url=line.url) as one, space.process() as reborn:
        await one.keep("a", loaded(one, b"old"), A_WHILE_S)
        await one.told()
        line.cut()
        one.forget("a", at=LATEST)
        await one.told()
        line.mend()

        async def is_gone() -> bool:
            return not await space.keys()

        await until(is_gone)
        assert await reborn.get("a") is None
        await one.keep("a", loaded(one, b"new", born=LATEST), A_WHILE_S)

        async def is_shared() -> bool:
            return await reborn.get("a") == b"new"

        await until(is_shared)
        assert REGISTRY.get_sample_value("shared_store_away", {"part": "cache"}) == 0


async def test_a_flush_loses_nothing_but_time(space: Space) -> None:
    async with space.process() as one, space.process() as other:
        await one.keep("a", loaded(one, b"1"), A_WHILE_S)
        await one.told()
        await space.flush()
        assert [await one.get("a"), await other.get("a")] == [b"1", None]
        await other.keep("a", loaded(other, b"2"), A_WHILE_S)
        await other.told()
        async with space.process() as third:
            assert await third.get("a") == b"2"


async def test_more_than_can_wait_is_given_up_and_redis_emptied(space: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis, "MAX_WAITING", 5)
    async with space.process() as one:
        await one.keep("a", loaded(one, b"1"), A_WHILE_S)
        await one.told()
        for position in range(20):
            one.forget(f"tag-{position}", at=(4, position))

        async def is_gone() -> bool:
            return not [key for key in await space.keys() if key.endswith(b":v:a")]

        await until(is_gone)


async def test_what_is_given_up_while_redis_is_emptied_empties_it_again(
    space: Space, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another keeps behind the emptying's back is what was given up, and was to be forgotten."""
    monkeypatch.setattr(redis, "MAX_WAITING", 5)

    async def is_gone() -> bool:
        return not [key for key in await space.keys() if b":v:" in key]

    async with wire(address("REDIS_URL")) as line, space.process() as slow, space.process(url=line.url) as one:
        await slow.keep("before", loaded(slow, b"1"), A_WHILE_S)
        one.forget("nothing", at=LATER)
        await asyncio.gather(one.told(), slow.told())
        line.late_s = 0.5
        for position in range(6):
            one.forget(f"tag-{position}", at=(2, position))
        await until(is_gone)
        await slow.keep("a", loaded(slow, b"old"), A_WHILE_S)
        await slow.told()
        one.forget("a", at=LATEST)
        for position in range(6):
            one.forget(f"tag-{position}", at=(4, position))
        line.late_s = 0.0
        await until(is_gone)
        async with space.process() as reborn:
            assert await reborn.get("a") is None


STEPS = st.tuples(
    st.sampled_from("ab"), st.sampled_from((0, 1)), st.sampled_from(("tell", "hear", "load", "keep", "look", "flush"))
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, max_size=50))
async def test_however_two_processes_interleave_neither_is_given_less_than_it_has_heard(
    space: Space, steps: list[tuple[str, int, str]]
) -> None:
    """Rows are written as events are told; each process hears the log at its own pace, and loads whenever it likes."""
    log: list[str] = []
    await space.flush()
    async with space.process() as first, space.process() as second:
        caches, heard = (first, second), [0, 0]
        under_way: dict[tuple[str, int], Loaded] = {}
        for key, who, step in steps:
            cache = caches[who]
            match step:
                case "tell":
                    log.append(key)
                case "hear" if heard[who] < len(log):
                    cache.forget(log[heard[who]], at=(1, heard[who] + 1))
                    heard[who] += 1
                case "load":
                    value = b"%d" % log.count(key)
                    under_way[key, who] = Loaded(value, {BORN: (1, heard[who])}, cache.era)
                case "keep" if (key, who) in under_way:
                    await cache.keep(key, under_way.pop((key, who)), A_WHILE_S)
                    await cache.told()
                case "look":
                    kept = await cache.get(key)
                    assert kept is None or int(kept) >= log[: heard[who]].count(key)
                case "flush":
                    await space.flush()
                case _:
                    pass
