"""The cache in this process's memory: bounded in bytes, least recently used first, each value for its own time."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Final, NamedTuple

from cachetools import TLRUCache

from tradewind.ports.cache import BORN, NOWHERE, Loaded, Place

MAX_BYTES: Final = 64 * 1024 * 1024
"""Of all keys, values and tags together."""
OVERHEAD: Final = 256
"""Bytes that an entry costs beside its key, value and tags, roughly."""
MAX_FORGOTTEN: Final = 50_000
"""Tags of which is remembered until when they were forgotten; beyond that all that is older counts as forgotten."""


class _Entry(NamedTuple):
    value: bytes
    ttl_s: float
    tags: tuple[str, ...]
    born: Place
    """Up to which event it is complete."""
    size: int
    """See _size; worked out once, for the cache asks each entry whenever it comes or goes, and does not say its key."""


class _Entries(TLRUCache[str, _Entry]):
    """Tells when an entry goes, for whatever reason."""

    def __init__(self, max_bytes: int, clock: Callable[[], float], gone: Callable[[str, _Entry], None]) -> None:
        super().__init__(
            max_bytes, lambda _, entry, now: now + entry.ttl_s, timer=clock, getsizeof=lambda entry: entry.size
        )
        self._gone = gone

    def expire(self, time: float | None = None) -> list[tuple[str, _Entry]]:
        expired = super().expire(time)
        for key, entry in expired:
            self._gone(key, entry)
        return expired

    def popitem(self) -> tuple[str, _Entry]:
        key, entry = super().popitem()
        self._gone(key, entry)
        return key, entry


def _outdated(loaded: Loaded, forgotten: Mapping[str, Place]) -> bool:
    """Whether something was forgotten for an event whose effect may not have been there to be loaded."""
    return any(loaded.complete.get(by, NOWHERE) < place for by, place in forgotten.items())


def _size(key: str, value: bytes, tags: tuple[str, ...]) -> int:
    return len(key) + len(value) + sum(map(len, tags)) + OVERHEAD


class MemoryCache:
    """Answers to ports.cache.Cache."""

    def __init__(self, *, max_bytes: int = MAX_BYTES, clock: Callable[[], float] = monotonic) -> None:
        self._max_bytes = max_bytes
        self._entries = _Entries(max_bytes, clock, self._untag)
        self._tagged: dict[str, set[str]] = {}
        self._forgotten: OrderedDict[str, dict[str, Place]] = OrderedDict()
        """Tag to the last event for which it was forgotten, by who writes."""
        self._floor: dict[str, Place] = {}
        """The same for all tags that are not remembered any more."""
        self.generation = 0
        self.era = 0

    def __len__(self) -> int:
        return len(self._entries)

    async def get(self, key: str, since: Place = NOWHERE) -> bytes | None:
        """The value kept under `key`, or None."""
        try:
            entry = self._entries[key]
        except KeyError:
            return None
        return entry.value if entry.born >= since else None

    async def keep(self, key: str, loaded: Loaded, ttl_s: float) -> bool:
        """Keep what was loaded, unless something of it was forgotten for a later event; whether it is kept."""
        if self.is_outdated(key, loaded):
            return False
        born = loaded.complete.get(BORN, NOWHERE)
        return self._store(key, loaded.value, min(ttl_s, loaded.unheard_s), loaded.tags, born)

    def is_outdated(self, key: str, loaded: Loaded) -> bool:
        """Whether something of it was forgotten for a later event than it shows, or everything since it was loaded."""
        if loaded.era != self.era or _outdated(loaded, self._floor):
            return True
        return any(_outdated(loaded, self._forgotten.get(tag, {})) for tag in (key, *loaded.tags))

    def put(self, key: str, value: bytes, ttl_s: float, tags: tuple[str, ...] = (), *, at: Place) -> None:
        """Keep what the event at `at` says, unless a later one has said or forgotten something of it."""
        if any(self._forgotten.get(tag, {}).get(BORN, NOWHERE) > at for tag in (key, *tags)):
            return
        self.generation += 1
        self._remember(key, at, BORN)
        if self._floor.get(BORN, NOWHERE) > at:  # perhaps for one of these: nobody remembers
            self._drop(key)
        else:
            self._store(key, value, ttl_s, tags, at)

    def forget(self, *tags: str, at: Place, by: str = BORN) -> int:
        """Forget whatever has one of these keys or tags, because of the event at `at`; how many that were."""
        self.generation += 1
        for tag in tags:
            self._remember(tag, at, by)
        keys = {key for tag in tags for key in self._tagged.get(tag, ())}
        keys.update(tag for tag in tags if tag in self._entries)
        for key in keys:
            self._drop(key)
        return len(keys)

    def clear(self, prefix: str = "") -> None:
        """Forget everything whose key begins so, and keep nothing that is being loaded now. Events were missed."""
        self.generation += 1
        self.era += 1
        self._forgotten.clear()
        self._floor.clear()
        for key in [key for key in self._entries if key.startswith(prefix)]:
            self._drop(key)

    def _remember(self, tag: str, at: Place, by: str) -> None:
        """What was loaded before the event at `at` shows it otherwise."""
        until = self._forgotten.setdefault(tag, {})
        until[by] = max(until.get(by, NOWHERE), at)
        self._forgotten.move_to_end(tag)
        while len(self._forgotten) > MAX_FORGOTTEN:
            _, oldest = self._forgotten.popitem(last=False)
            for who, place in oldest.items():
                self._floor[who] = max(self._floor.get(who, NOWHERE), place)

    def _store(self, key: str, value: bytes, ttl_s: float, tags: tuple[str, ...], born: Place) -> bool:
        entry = _Entry(value, ttl_s, tags, born, _size(key, value, tags))
        if key in self._entries:
            self._drop(key)
        if entry.size > self._max_bytes:
            return False
        self._entries[key] = entry
        for tag in entry.tags:
            self._tagged.setdefault(tag, set()).add(key)
        return True

    def _drop(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._untag(key, entry)

    def _untag(self, key: str, entry: _Entry) -> None:
        for tag in entry.tags:
            keys = self._tagged.get(tag)
            if keys is not None:
                keys.discard(key)
                if not keys:
                    del self._tagged[tag]
