"""What every cache must do, whichever engine keeps it. An adapter that is added here must pass all of it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from tests.adapters.cache.sharing import Space, shared
from tests.engines import address
from tradewind.adapters.cache import memory
from tradewind.adapters.cache.memory import OVERHEAD, MemoryCache
from tradewind.adapters.cache.redis import RedisCache
from tradewind.ports.cache import BORN, Cache, Loaded

EARLY, LATER, LATEST = (1, 1), (2, 1), (3, 1)
A_WHILE_S = 60.0


class Hands:
    """A clock that a test holds. `shared`: what ages in Redis with it, where there is one."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.shared: tuple[Space, RedisCache] | None = None

    def __call__(self) -> float:
        return self.now_s

    async def pass_by(self, seconds: float) -> None:
        """Let so much time pass."""
        self.now_s += seconds
        if self.shared is not None:
            space, cache = self.shared
            await cache.told()
            await space.age(seconds)


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest_asyncio.fixture(
    params=[
        pytest.param("memory", marks=pytest.mark.adapter("memory")),
        pytest.param("redis", marks=pytest.mark.engine("redis")),
    ]
)
async def cache(request: pytest.FixtureRequest, clock: Hands) -> AsyncIterator[Cache]:
    if request.param == "memory":
        yield MemoryCache(clock=clock)
        return
    async with shared(address("REDIS_URL")) as space, space.process(MemoryCache(clock=clock)) as one:
        clock.shared = space, one
        yield one


def loaded(cache: Cache, value: bytes, *tags: str, **complete: Any) -> Loaded:
    """What was loaded after LATER was heard, unless told otherwise."""
    return Loaded(value, {BORN: complete.pop("born", LATER), **complete}, cache.era, tags)


async def test_what_was_kept_is_there_for_its_time_and_no_longer(cache: Cache, clock: Hands) -> None:
    assert await cache.get("a") is None
    assert await cache.keep("a", loaded(cache, b"1"), 10.0)
    await clock.pass_by(9.9)
    assert await cache.get("a") == b"1"
    await clock.pass_by(0.2)
    assert await cache.get("a") is None


async def test_an_event_forgets_what_has_its_key_and_what_has_its_tag(cache: Cache) -> None:
    for key, tags in {"a": (), "b": ("red", "round"), "c": ("red",), "d": ("green",)}.items():
        await cache.keep(key, loaded(cache, key.encode(), *tags), A_WHILE_S)
    assert cache.forget("a", "red", "nobody", at=LATEST) == 3
    assert [await cache.get(key) for key in "abcd"] == [None, None, None, b"d"]
    assert cache.forget("round", at=LATEST) == 0, "gone by its other tag"


async def test_what_was_loaded_before_its_event_was_heard_is_not_kept(cache: Cache) -> None:
    """The loader reads the old row; the event comes; then the loader would keep what it read."""
    old = loaded(cache, b"old", born=EARLY)
    cache.forget("a", at=LATER)
    assert not await cache.keep("a", old, A_WHILE_S)
    assert await cache.get("a") is None
    assert await cache.keep("a", loaded(cache, b"new", born=LATER), A_WHILE_S)
    assert await cache.get("a") == b"new"


async def test_the_same_holds_for_tags_that_nobody_knew_before_the_loading(cache: Cache) -> None:
    old = loaded(cache, b"old", "red", born=EARLY)
    cache.forget("red", at=LATER)
    assert not await cache.keep("a", old, A_WHILE_S)


async def test_what_a_subscriber_has_yet_to_write_is_waited_for(cache: Cache) -> None:
    """The event has been heard here, but whoever writes what is loaded has not come so far."""
    cache.forget("a", at=LATER, by="shelf")
    assert not await cache.keep("a", loaded(cache, b"old", born=LATEST, shelf=EARLY), A_WHILE_S)
    assert not await cache.keep("a", loaded(cache, b"old", born=LATEST), A_WHILE_S), "it does not say"
    assert await cache.keep("a", loaded(cache, b"new", born=EARLY, shelf=LATER), A_WHILE_S)


async def test_what_an_event_says_replaces_what_was_there(cache: Cache, clock: Hands) -> None:
    await cache.keep("a", loaded(cache, b"old", "red"), A_WHILE_S)
    cache.put("a", b"new", 10.0, at=LATEST)
    assert await cache.get("a") == b"new"
    assert cache.forget("red", at=LATEST) == 0, "what the event says has no tags"
    assert await cache.get("a") == b"new"
    await clock.pass_by(10.1)
    assert await cache.get("a") is None


async def test_what_an_older_event_says_comes_too_late(cache: Cache) -> None:
    cache.put("a", b"new", A_WHILE_S, at=LATEST)
    cache.put("a", b"old", A_WHILE_S, at=EARLY)
    assert await cache.get("a") == b"new"
    cache.forget("a", at=(4, 1))
    cache.put("a", b"old", A_WHILE_S, at=LATEST)
    assert await cache.get("a") is None


async def test_what_was_loaded_before_an_event_said_it_is_not_kept_in_its_place(cache: Cache) -> None:
    old = loaded(cache, b"old", born=EARLY)
    cache.put("a", b"new", A_WHILE_S, at=LATER)
    assert not await cache.keep("a", old, A_WHILE_S)
    assert await cache.get("a") == b"new"


async def test_what_is_older_than_what_this_process_has_heard_is_not_given(cache: Cache) -> None:
    await cache.keep("a", loaded(cache, b"1", born=LATER), A_WHILE_S)
    assert await cache.get("a", LATER) == b"1"
    assert await cache.get("a", LATEST) is None


async def test_clearing_forgets_by_prefix_and_what_is_being_loaded(cache: Cache) -> None:
    for key in ("a:1", "a:2", "b:1"):
        await cache.keep(key, loaded(cache, b"x"), A_WHILE_S)
    under_way = loaded(cache, b"old", born=LATEST)
    cache.clear("a:")
    assert [await cache.get(key) for key in ("a:1", "a:2", "b:1")] == [None, None, b"x"]
    assert not await cache.keep("a:1", under_way, A_WHILE_S)
    assert await cache.keep("a:1", loaded(cache, b"new"), A_WHILE_S)


async def test_whoever_looks_can_tell_that_something_was_forgotten(cache: Cache) -> None:
    before = cache.generation
    cache.forget("a", at=EARLY)
    assert cache.generation > before


async def test_what_is_least_used_goes_first_when_it_is_full(clock: Hands) -> None:
    cache = MemoryCache(max_bytes=3 * (OVERHEAD + len("a" + "x" + "red")), clock=clock)
    for key in "abc":
        await cache.keep(key, loaded(cache, b"x", "red"), A_WHILE_S)
    await cache.get("a")
    await cache.keep("d", loaded(cache, b"x", "red"), A_WHILE_S)
    assert [await cache.get(key) for key in "abcd"] == [b"x", None, b"x", b"x"]
    assert not await cache.keep("huge", loaded(cache, b"x" * 10_000), A_WHILE_S)
    assert len(cache) == 3
    assert cache.forget("red", at=LATEST) == 3


async def test_tags_that_are_not_remembered_any_more_count_as_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MAX_FORGOTTEN", 2)
    cache = MemoryCache()
    for position in range(1, 5):
        cache.forget(f"tag-{position}", at=(2, position))
    assert not await cache.keep("a", loaded(cache, b"old", born=(2, 1)), A_WHILE_S)
    assert await cache.keep("a", loaded(cache, b"new", born=(2, 2)), A_WHILE_S)


async def test_what_an_event_says_is_not_kept_where_a_later_one_may_have_forgotten_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "MAX_FORGOTTEN", 2)
    cache = MemoryCache()
    await cache.keep("a", loaded(cache, b"older", born=EARLY), A_WHILE_S)
    cache.forget("red", at=LATEST)
    for position in (1, 2):
        cache.forget(f"tag-{position}", at=LATEST)
    cache.put("a", b"old", A_WHILE_S, ("red",), at=LATER)
    assert await cache.get("a") is None
    cache.put("a", b"new", A_WHILE_S, ("red",), at=LATEST)
    assert await cache.get("a") == b"new"


@pytest.mark.parametrize(("key", "tags"), [("k" * 1000, ()), ("k", ("t" * 500, "u" * 500))])
async def test_keys_and_tags_take_up_room_as_values_do(key: str, tags: tuple[str, ...]) -> None:
    cache = MemoryCache(max_bytes=OVERHEAD + 1000)
    assert not await cache.keep(key, loaded(cache, b"x", *tags), A_WHILE_S)
    assert await cache.keep("a", loaded(cache, b"x", "red"), A_WHILE_S)


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(("tell", "apply", "load", "keep"))), max_size=60))
async def test_however_the_steps_interleave_nothing_older_than_the_last_event_heard_is_kept(
    steps: list[tuple[str, str]],
) -> None:
    """A row per key, written by a subscriber some time after the event; loads begin and end whenever they like."""
    cache = MemoryCache()
    told, applied = dict.fromkeys("abcd", 0), dict.fromkeys("abcd", 0)
    place, done = 0, 0
    log: list[tuple[str, int]] = []
    under_way: dict[str, Loaded] = {}
    for key, step in steps:
        match step:
            case "tell":
                place += 1
                told[key] = place
                log.append((key, place))
                cache.forget(key, at=(1, place), by="shelf")
            case "apply" if log:
                one, done = log.pop(0)
                applied[one] = done
            case "load":
                value = str(applied[key]).encode()
                under_way[key] = Loaded(value, {BORN: (1, place), "shelf": (1, done)}, cache.era)
            case "keep" if key in under_way:
                await cache.keep(key, under_way.pop(key), A_WHILE_S)
        for name in "abcd":
            kept = await cache.get(name)
            assert kept is None or int(kept) == told[name]
