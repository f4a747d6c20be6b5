"""The shared cache as a stream job has it: it forgets and puts, and reads nothing.

What is told in this database's own log has the place there, as for every process that hears it. An event of another log
has none that could be compared with it: it counts by where it came from, and so do loads (ports.cache.from_elsewhere).
"""

from collections import deque
from typing import Final, NamedTuple

from tradewind.adapters.cache.telling import Clearing, Waiting, forgetting, putting, say
from tradewind.adapters.cache.vouching import place_after
from tradewind.adapters.redis.link import Link, SharedStoreAway
from tradewind.ports.cache import BORN, NOWHERE, Loaded, Place, from_elsewhere


class Came(NamedTuple):
    """Where an event of another log lies."""

    topic: str
    partition: int
    offset: int


class StreamedCache:
    """Answers to ports.cache.Cache. `space`: see RedisCache. What it is told waits for `tell`."""

    generation: Final = 0
    era: Final = 0

    def __init__(self, link: Link, space: str) -> None:
        self._link, self._space = link, f"{space}:"
        self._waiting: deque[Waiting] = deque()
        self.came: Came | None = None
        """By where the event came that is being heard; None: it has a place in this database's log."""

    async def get(self, key: str, since: Place = NOWHERE) -> bytes | None:
        """Nothing: nobody asks a job."""
        return None

    async def keep(self, key: str, loaded: Loaded, ttl_s: float) -> bool:
        """Nothing is loaded here."""
        return False

    def put(self, key: str, value: bytes, ttl_s: float, tags: tuple[str, ...] = (), *, at: Place) -> None:
        """Keep what the event says; where another log told it, forget what was kept: which is later is not known."""
        if self.came is not None:
            self.forget(key, at=at)
        else:
            self._waiting.append(putting(self._space, key, value, ttl_s, tags, at))

    def forget(self, *tags: str, at: Place, by: str = BORN) -> int:
        """Forget whatever has one of these keys or tags; nothing is kept here, so 0."""
        if self.came is not None:
            topic, partition, offset = self.came
            at, by = place_after(offset), from_elsewhere(by, topic, partition)
        self._waiting.append(forgetting(tags, at, by))
        return 0

    def clear(self, prefix: str = "") -> None:
        """Forget everything whose key begins so."""
        self._waiting.append(Clearing(prefix))

    async def tell(self) -> None:
        """Return once Redis has done all of it. Raises SharedStoreAway: then all of it must be heard again."""
        try:
            while self._waiting:
                await say(self._link, self._space, self._waiting)
        except SharedStoreAway:
            self._waiting.clear()
            raise
