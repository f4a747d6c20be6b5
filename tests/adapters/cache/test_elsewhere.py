"""What is shown of other logs: kept by Redis alone, while a stream job vouches that it is forgotten there."""

from collections.abc import AsyncIterator, Mapping
from typing import Final

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from tests.adapters.cache.sharing import ANSWER_S, RETRY_S, Space, shared
from tests.engines import address
from tests.wires import wire
from tradewind.adapters.cache import vouching
from tradewind.adapters.cache.redis import RedisCache
from tradewind.adapters.cache.streamed import Came, StreamedCache
from tradewind.adapters.cache.vouching import Standing, Voucher, Where
from tradewind.adapters.redis.link import Link
from tradewind.kernel.errors import Unavailable
from tradewind.ports.cache import BORN, Loaded, from_elsewhere

pytestmark = pytest.mark.engine("redis")
TOPIC: Final = "ecommerce.inventory"
SHELF: Final = "catalog.availability"
HERE: Final = (1, 1)
"""In this database's own log nothing happens."""
A_WHILE_S: Final = 60.0


class Job:
    """The stream job as Redis sees it: what it has heard takes effect at once, its offset is noted when told to."""

    def __init__(self, space: Space, url: str) -> None:
        self.ends, self.noted, self.next = 0, 0, 0
        self.away = False
        self._link = Link(url, "caching", answer_s=ANSWER_S, retry_s=RETRY_S)
        self.cache = StreamedCache(self._link, space.name)
        self.voucher = Voucher(self._link, space.name, self._standings)

    async def _standings(self) -> Mapping[Where, Standing]:
        if self.away:
            raise Unavailable("Kafka is away")
        return {(TOPIC, 0): Standing(self.noted, self.ends)}

    async def hear(self, *tags: str) -> None:
        """The next event: it takes effect, and is not noted yet."""
        self.cache.came = Came(TOPIC, 0, self.next)
        self.cache.forget(*tags, at=HERE, by=SHELF)
        await self.cache.tell()
        self.next += 1
        self.ends = max(self.ends, self.next)

    async def note(self) -> bool:
        """Note what has taken effect, and vouch for it."""
        self.noted = self.next
        return await self.voucher.look()

    async def close(self) -> None:
        """Hang up."""
        await self._link.close()


@pytest_asyncio.fixture
async def space() -> AsyncIterator[Space]:
    async with shared(address("REDIS_URL")) as one:
        yield one


@pytest_asyncio.fixture
async def job(space: Space) -> AsyncIterator[Job]:
    one = Job(space, address("REDIS_URL"))
    yield one
    await one.close()


def loaded(cache: RedisCache, value: bytes, *tags: str, upto: int | None = 0, unheard_s: float = 0.0) -> Loaded:
    """What was loaded when the shelf's writer was before the offset `upto`; None: it has no place there."""
    there = {} if upto is None else {from_elsewhere(SHELF, TOPIC, 0): (0, upto)}
    return Loaded(value, {BORN: HERE, SHELF: HERE, **there}, cache.era, tags, (SHELF,), unheard_s)


async def keep(cache: RedisCache, key: str, what: Loaded) -> None:
    """As a process does: it looks, loads, and keeps."""
    await cache.get(key)
    await cache.keep(key, what, A_WHILE_S)
    await cache.told()


async def test_what_the_job_forgets_is_gone_from_every_process_at_once(space: Space, job: Job) -> None:
    assert await job.note()
    async with space.process() as one, space.process() as other:
        await keep(one, "page", loaded(one, b"5 left", "sku:A", unheard_s=A_WHILE_S))
        assert [await one.get("page"), await other.get("page")] == [b"5 left"] * 2
        await job.hear("sku:A")
        assert [await one.get("page"), await other.get("page")] == [None] * 2
        await keep(one, "page", loaded(one, b"4 left", "sku:A", upto=1))
        assert await other.get("page") == b"4 left"


async def test_what_was_loaded_before_the_event_took_effect_is_not_kept(space: Space, job: Job) -> None:
    """The job is quicker than the subscriber that writes the row which is loaded."""
    assert await job.note()
    async with space.process() as one:
        old = loaded(one, b"5 left", "sku:A", upto=0)
        await job.hear("sku:A")
        await keep(one, "page", old)
        assert await one.get("page") is None
        await keep(one, "page", loaded(one, b"4 left", "sku:A", upto=1))
        assert await one.get("page") == b"4 left"


async def test_an_event_that_is_heard_again_late_takes_away_nothing_that_shows_it(space: Space, job: Job) -> None:
    await job.hear("sku:A")
    await job.hear("sku:A")
    assert await job.note()
    async with space.process() as one:
        await keep(one, "page", loaded(one, b"3 left", "sku:A", upto=2))
        job.next = 0
        await job.hear("sku:A")
        assert await one.get("page") == b"3 left"
        await keep(one, "page", loaded(one, b"5 left", "sku:A", upto=0))
        assert await one.get("page") != b"5 left", "an older entry does not come back"


async def test_without_a_job_each_process_keeps_it_for_a_moment_itself(space: Space, job: Job) -> None:
    async with space.process() as one, space.process() as other:
        await keep(one, "page", loaded(one, b"5 left", "sku:A", unheard_s=A_WHILE_S))
        assert [await one.get("page"), await other.get("page")] == [b"5 left", None]
        assert REGISTRY.get_sample_value("shared_cache_unvouched") == 1
        assert not await space.keys()
        await job.note()
        await keep(other, "page", loaded(other, b"5 left", "sku:A", unheard_s=A_WHILE_S))
        assert REGISTRY.get_sample_value("shared_cache_unvouched") == 0


async def test_what_is_kept_is_not_given_when_nobody_has_vouched_for_two_seconds(space: Space, job: Job) -> None:
    assert await job.note()
    async with space.process() as one:
        await keep(one, "page", loaded(one, b"5 left", "sku:A"))
        await space.age(vouching.VOUCHED_MS / 1000)
        assert await one.get("page") is None
        assert await job.note()
        assert await one.get("page") is None, "what the job has not heard meanwhile may be shown otherwise"
        await keep(one, "page", loaded(one, b"5 left", "sku:A"))
        assert await one.get("page") == b"5 left"


async def test_what_comes_to_redis_after_the_last_word_was_over_is_not_kept(space: Space, job: Job) -> None:
    assert await job.note()
    async with space.process() as one:
        assert await one.get("page") is None, "and Redis said that somebody vouches"
        await space.age(vouching.VOUCHED_MS / 1000)
        await one.keep("page", loaded(one, b"5 left", "sku:A"), A_WHILE_S)
        await one.told()
        assert not await space.keys()


async def test_nobody_vouches_while_events_wait(space: Space, job: Job) -> None:
    job.ends = 1
    assert not await job.note()
    job.ends = 2
    await job.hear("sku:A")
    assert await job.note(), "what was there at the look before has taken effect, whatever came since"
    job.away = True
    with pytest.raises(Unavailable):
        await job.note()


async def test_who_was_paused_after_looking_vouches_for_nothing(
    space: Space, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looked long ago: by the clock of Redis its word is over before it comes."""
    monkeypatch.setattr(vouching, "VOUCHED_MS", -1)
    assert not await job.note()
    async with space.process() as one:
        await keep(one, "page", loaded(one, b"5 left", "sku:A"))
        assert await one.get("page") is None


async def test_a_flush_lets_nothing_be_kept_that_was_loaded_before_it(space: Space, job: Job) -> None:
    """Redis has lost that an event was heard, and a load that lacks it is still under way."""
    async with space.process() as one:
        assert await job.note()
        old = loaded(one, b"5 left", "sku:A", upto=0)
        await job.hear("sku:A")
        await space.flush()
        await keep(one, "page", old)
        assert await one.get("page") is None, "nobody vouches"
        assert await job.note()
        for upto in (0, None):
            await keep(one, "page", loaded(one, b"5 left", "sku:A", upto=upto))
            assert await one.get("page") is None
        await keep(one, "page", loaded(one, b"4 left", "sku:A", upto=1))
        assert await one.get("page") == b"4 left"


async def test_a_redis_that_lost_something_by_itself_begins_anew(space: Space, job: Job) -> None:
    """It was started again from an older state, or made room: it says another name, or another number of keys."""
    assert await job.note()
    async with space.process() as one:
        await keep(one, "page", loaded(one, b"5 left", "sku:A"))
        await space.client.hset(f"{space.name}:heard", "server", "another/0")
        assert not await job.note()
        assert await one.get("page") is None
        assert await job.note()
        assert await one.get("page") is None


async def test_a_process_that_empties_redis_ends_what_was_vouched_for(space: Space, job: Job) -> None:
    """It could not tell Redis something. What the job has told is lost with all the rest."""
    async with wire(address("REDIS_URL")) as line, space.process(url=line.url) as one, space.process() as other:
        assert await job.note()
        await job.hear("sku:A")
        line.cut()
        one.forget("sku:B", at=HERE)
        await one.told()
        line.mend()
        while await space.client.exists(f"{space.name}:heard"):
            await one.get("page")
        await keep(other, "page", loaded(other, b"5 left", "sku:A", upto=0))
        assert await other.get("page") is None


async def test_floors_rise_before_marks_fade(space: Space, job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who loads for longer than Redis remembers what was forgotten is not kept."""
    assert await job.note()
    async with space.process() as one:
        old = loaded(one, b"5 left", "sku:A", upto=0)
        await job.hear("sku:A")
        monkeypatch.setattr(vouching, "FLOOR_MS", -1)
        assert await job.note()
        assert await job.note()
        await space.client.unlink(f"{space.name}:f:sku:A")
        await keep(one, "page", old)
        assert await one.get("page") is None


class World:
    """Another log tells; a subscriber writes the rows some time later; the job hears before or after that, or twice."""

    def __init__(self, space: Space, job: Job, caches: tuple[RedisCache, ...]) -> None:
        self.space, self.job, self.caches = space, job, caches
        self.log: list[str] = []
        self.applied, self.heard = 0, 0
        self.under_way: dict[str, Loaded] = {}

    async def tell(self, key: str, _who: int) -> None:
        """An event."""
        self.log.append(key)
        self.job.ends = len(self.log)

    async def apply(self, _key: str, _who: int) -> None:
        """The subscriber writes what the next one changes."""
        self.applied = min(self.applied + 1, len(self.log))

    async def hear(self, _key: str, _who: int) -> None:
        """The job has the next one take effect."""
        if self.job.next < len(self.log):
            await self.job.hear(self.log[self.job.next])
            self.heard = max(self.heard, self.job.next)

    async def note(self, _key: str, _who: int) -> None:
        """The job notes its place, and looks whether it has heard everything."""
        await self.job.note()

    async def vouch(self, _key: str, _who: int) -> None:
        """The job looks whether it has heard everything."""
        await self.job.voucher.look()

    async def die(self, _key: str, _who: int) -> None:
        """The job begins again where it has noted."""
        self.job.next = self.job.noted

    async def load(self, key: str, who: int) -> None:
        """A process reads the row."""
        await self.caches[who].get(key)
        value = b"%d" % self.log[: self.applied].count(key)
        self.under_way[key] = loaded(self.caches[who], value, upto=self.applied)

    async def keep(self, key: str, who: int) -> None:
        """It keeps what it read, some time later."""
        if key in self.under_way:
            await self.caches[who].keep(key, self.under_way.pop(key), A_WHILE_S)
            await self.caches[who].told()

    async def look(self, key: str, who: int) -> None:
        """It gives what is kept: never less than the job has heard."""
        kept = await self.caches[who].get(key)
        assert kept is None or int(kept) >= self.log[: self.heard].count(key)

    async def flush(self, _key: str, _who: int) -> None:
        """Redis loses everything."""
        await self.space.flush()

    async def lapse(self, _key: str, _who: int) -> None:
        """Nobody has vouched for a while."""
        await self.space.client.unlink(f"{self.space.name}:heard")

    async def clear(self, key: str, who: int) -> None:
        """A process may have missed events of its own log."""
        self.caches[who].clear(key)
        await self.caches[who].told()


OFTEN = ("tell", "apply", "hear", "note", "load", "keep")
STEPS = OFTEN * 3 + ("flush", "flush", "vouch", "die", "lapse", "clear")


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from((0, 1)), st.sampled_from(STEPS)), min_size=30, max_size=80
    )
)
async def test_however_it_interleaves_nothing_is_given_that_lacks_what_the_job_has_heard(
    space: Space, steps: list[tuple[str, int, str]]
) -> None:
    await space.flush()
    job = Job(space, address("REDIS_URL"))
    async with space.process() as first, space.process() as second:
        world = World(space, job, (first, second))
        for key, who, step in steps:
            await getattr(world, step)(key, who)
            await world.look(key, who)
    await job.close()
