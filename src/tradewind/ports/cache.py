"""The cache: bodies by key, each for a while, forgotten by what events touch; never the only place of anything.

Each process hears the log for itself and has its own cache, or all have one in common: what one has loaded, the others
need not. Neither gives anybody an answer older than an event that was heard in the same process.

A value that was loaded says up to where in the log it is complete; it is not kept when something of it was forgotten
for an event beyond that. So the race in which a loader reads the old row, the event comes, and the old value is then
kept, cannot happen: neither where the event's writer is the one that the loader reads, nor where a subscriber writes
what the loader reads some time after the event.
"""

from collections.abc import Mapping
from math import inf
from typing import Final, NamedTuple, Protocol

Place = tuple[int, int]
"""Where in the log an event stands (stamp, position)."""
NOWHERE: Final[Place] = (0, 0)
"""Before every event."""
BORN: Final = ""
"""Stands for whoever tells an event: what they write is there as soon as the event is."""


def from_elsewhere(by: str, topic: str, partition: int) -> str:
    """Who writes what an event of another log changes, where the event came by this partition of a topic."""
    return f"{by}@{topic}/{partition}"


class Loaded(NamedTuple):
    """What was loaded. `tags`: what is shown in it beside its key; forgetting one of them forgets it.

    `complete`: up to which place it shows what each of those has written by whose events it is forgotten; read before
    the loading began.
    """

    value: bytes
    complete: Mapping[str, Place]
    era: int
    """The cache's, when the loading began."""
    tags: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    """Those of whom it shows what they write by events of other logs, which nobody hears in this process."""
    unheard_s: float = inf
    """How long it is kept at most where nobody else forgets it for such events, either."""


class Cache(Protocol):
    """Writes take effect for this process at once. What was forgotten by every process is gone from all of them."""

    @property
    def generation(self) -> int:
        """Rises whenever something is forgotten or put."""
        ...

    @property
    def era(self) -> int:
        """Rises whenever it is cleared: what was being loaded then is not kept."""
        ...

    async def get(self, key: str, since: Place = NOWHERE) -> bytes | None:
        """The value kept under `key`, or None. `since`: from where on this process has heard every event; what was
        loaded earlier, by whichever process, is not given."""
        ...

    async def keep(self, key: str, loaded: Loaded, ttl_s: float) -> bool:
        """Keep what was loaded, unless something of it was forgotten for a later event; whether it is kept."""
        ...

    def put(self, key: str, value: bytes, ttl_s: float, tags: tuple[str, ...] = (), *, at: Place) -> None:
        """Keep what the event at `at` says, in place of what was there; forgetting one of the tags forgets it. Nothing
        happens where something of it was said by, or forgotten for, a later event."""
        ...

    def forget(self, *tags: str, at: Place, by: str = BORN) -> int:
        """Forget whatever has one of these keys or tags, because of the event at `at`; how many this process kept.

        `by`: the subscriber that writes what the event changes, where it is not who told it.
        """
        ...

    def clear(self, prefix: str = "") -> None:
        """Forget everything whose key begins so, and keep nothing that is being loaded now. Events were missed."""
        ...
