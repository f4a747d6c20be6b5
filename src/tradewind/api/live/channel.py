"""A channel: what is published once reaches everybody who follows it in this process, and who was away for a moment.

Every event has the place in the log that it came from as its id, so that a client may resume in any process, also in
one that was started later. Nobody who reads slowly holds up the others, or the memory.
"""

import asyncio
import re
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple, Self

import msgspec
from msgspec import Struct

from tradewind.runtime.subscriptions import Here

HISTORY: Final = 500
"""Events that a channel remembers for those who were away."""
QUEUE: Final = 2 * HISTORY
"""Events that wait for one follower; one that is further behind is dropped."""
_NAME = re.compile(r"[a-z][a-z0-9_.-]*")
_ID = re.compile(r"(\d{1,18})-(\d{1,18})")
_encode = msgspec.json.Encoder(decimal_format="number").encode


class Place(NamedTuple):
    """Where in the log an event stands: its id on the wire."""

    stamp: int
    position: int

    def __str__(self) -> str:
        return f"{self.stamp}-{self.position}"

    @classmethod
    def parse(cls, text: bytes | None) -> Self | None:
        """The place that a client says it is at; None where it says none of ours."""
        found = _ID.fullmatch((text or b"").decode("latin-1").strip())
        return cls(int(found[1]), int(found[2])) if found else None


class Opening(NamedTuple):
    """An event that only one follower gets, before all others: how things stand."""

    name: str
    payload: Any


def frame(name: str, payload: Any, place: Place | None = None) -> bytes:
    """An event as it goes over the wire (text/event-stream). JSON has no line breaks, so one data line holds it."""
    assert _NAME.fullmatch(name), f"{name} is no name of an event"
    head = f"id: {place}\nevent: {name}\n" if place else f"event: {name}\n"
    return b"%bdata: %b\n\n" % (head.encode(), _encode(payload))


RESET: Final = b"id:\n" + frame("reset", {})
"""What was kept for this client is gone: it must look at everything again, and forget the id that it had."""


class Feed:
    """What waits for one follower. `ended` says why it is over, once it is."""

    def __init__(self, waiting: Iterable[bytes]) -> None:
        self.waiting = deque(waiting)
        self.ended: str | None = None
        self.on_end: Callable[[], None] = lambda: None
        """Called when it ends from outside; the sender may be stuck with a client that does not read."""
        self._more = asyncio.Event()
        if self.waiting:
            self._more.set()

    def put(self, one: bytes) -> None:
        """Add to what waits; a follower for whom too much waits is dropped."""
        if len(self.waiting) >= QUEUE:
            self.end("too slow")
            return
        self.waiting.append(one)
        self._more.set()

    def end(self, why: str) -> None:
        """It is over; what waits is not sent any more."""
        if self.ended is None:
            self.ended = why
            self._more.set()
            self.on_end()

    async def take(self) -> bytes:
        """All that waits, as soon as there is something; nothing at the end."""
        while not self.waiting and self.ended is None:
            self._more.clear()
            await self._more.wait()
        if self.ended is not None:
            return b""
        taken = b"".join(self.waiting)
        self.waiting.clear()
        return taken


class Channel:
    """Publishes to whoever follows. One per process and kind of news; `name` is for logs and metrics."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._feeds: set[Feed] = set()
        self._history: deque[tuple[Place, bytes]] = deque()
        self._complete_after: Place | None = None
        """The history holds everything that came after this place; None where that is not known."""
        self._last = Place(0, 0)

    def __len__(self) -> int:
        return len(self._feeds)

    def publish(self, here: Here, name: str, payload: Any) -> None:
        """Tell everybody of the event that a listener is hearing; once an event. Encoded once, however many follow."""
        place = Place(*here.at)
        assert place > self._last, "one publication an event, in the log's order"
        if self._complete_after is None:
            self._complete_after = Place(*here.since)
        self._last, told = place, frame(name, payload, place)
        self._history.append((place, told))
        if len(self._history) > HISTORY:
            self._complete_after = self._history.popleft()[0]
        for feed in [*self._feeds]:
            feed.put(told)

    def start_over(self, here: Here) -> None:
        """News may have been missed (a listener's `reset`): whoever follows must look at everything again."""
        self._history.clear()
        self._complete_after = None
        self._last = Place(0, 0)
        for feed in [*self._feeds]:
            feed.put(RESET)

    def follow(self, *opening: Opening) -> "Follow":
        """What the edge makes a stream of: everything from this call on. Call it before looking at how things stand."""
        return Follow(self, self._last, list(opening))

    def enter(self, follow: "Follow", resume_at: Place | None, *, resumes: bool) -> Feed:
        """Begin to follow. Who `resumes` at a known place gets what came since; else a reset, and the opening."""
        known = resume_at is not None and self._complete_after is not None and resume_at >= self._complete_after
        after = resume_at if known and resume_at is not None else follow.after
        first = [] if known else [RESET] * resumes + [frame(*one) for one in follow.opening]
        feed = Feed([*first, *(told for place, told in self._history if place > after)])
        self._feeds.add(feed)
        return feed

    def leave(self, feed: Feed) -> None:
        """Follow no more."""
        self._feeds.discard(feed)


class Follow(Struct, frozen=True):
    """Somebody may follow `channel`, from `after` on. `opening` may be added to: how things stand."""

    channel: Channel
    after: Place
    opening: list[Opening]

    def open_with(self, name: str, payload: Any) -> None:
        """Let the stream begin with this event, where the client does not resume."""
        self.opening.append(Opening(name, payload))
