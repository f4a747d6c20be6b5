"""A channel with topics: what is published reaches those who follow one of its topics, and who was away for a moment.

As `Channel`, with places of the log as ids; but a follower names what it wants to hear of, and may follow several
topics over one line. An event is encoded once a topic, and only where somebody follows it.
"""

from collections import defaultdict, deque
from collections.abc import Sequence
from typing import Any, Final, NamedTuple, Protocol

import msgspec
from msgspec import UNSET, Struct, UnsetType
from opentelemetry.trace import SpanKind

from tradewind.api.live.channel import Place
from tradewind.runtime.subscriptions import Here
from tradewind.runtime.telemetry import traces

HISTORY: Final = 5_000
"""Events that a channel remembers for those who were away, over all topics."""
_encode: Final = msgspec.json.Encoder(decimal_format="number").encode


class Line(Protocol):
    """Whoever takes frames for one client, and never makes the publisher wait."""

    def put(self, frame: str) -> None:
        """One more frame."""
        ...

    def drop(self, topic: "Topic") -> None:
        """A topic that it followed has ended."""
        ...


class Told(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A frame: an event of one subscription. `id`: its place in the log, where it has one."""

    event: str
    subscription: Any
    id: str | UnsetType = UNSET
    data: Any = UNSET


class Topic(NamedTuple):
    """What may be followed: `key` among all topics, `label` as the client calls it."""

    key: str
    label: Any


class _Past(NamedTuple):
    place: Place
    topics: Sequence[Topic]
    name: str
    payload: Any


def told(name: str, topic: Topic, payload: Any = UNSET, place: Place | None = None) -> str:
    """An event as it goes over the wire."""
    where = UNSET if place is None else str(place)
    return _encode(Told(event=name, subscription=topic.label, id=where, data=payload)).decode()


class TopicChannel:
    """Publishes to whoever follows a topic. One per process and kind of news; `name` is for logs and metrics."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._lines: defaultdict[str, dict[Line, Topic]] = defaultdict(dict)
        self._history: deque[_Past] = deque()
        self._complete_after: Place | None = None
        """The history holds everything that came after this place; None where that is not known."""
        self.last = Place(0, 0)

    def publish(self, here: Here, name: str, payload: Any, topics: Sequence[Topic]) -> None:
        """Tell those who follow one of `topics` of the event that a listener is hearing; once an event."""
        place = Place(*here.at)
        assert place > self.last, "one publication an event, in the log's order"
        if self._complete_after is None:
            self._complete_after = Place(*here.since)
        self.last = place
        self._history.append(_Past(place, topics, name, payload))
        if len(self._history) > HISTORY:
            self._complete_after = self._history.popleft().place
        began_ns = traces.began_ns()
        for topic in topics:
            if lines := self._lines.get(topic.key):
                frame = told(name, topic, payload, place)
                for line in [*lines]:
                    line.put(frame)
                traces.mark(
                    f"push {name}", here.trace_id, began_ns, kind=SpanKind.PRODUCER, topic=topic.key, lines=len(lines)
                )

    def start_over(self, here: Here) -> None:
        """News may have been missed (a listener's `reset`): whoever follows must look at everything again."""
        self._history.clear()
        self._complete_after = None
        self.last = Place(0, 0)
        for lines in [*self._lines.values()]:
            for line, topic in [*lines.items()]:
                line.put(told("reset", topic))

    def end(self, topic: Topic, why: str) -> None:
        """Nobody follows `topic` any more; who still may, may ask again."""
        for line in self._lines.pop(topic.key, {}):
            line.drop(topic)
            line.put(told("ended", topic, {"why": why}))

    def enter(self, line: Line, follow: "TopicFollow", resume_at: Place | None, *, resumes: bool) -> None:
        """Let `line` follow. Who `resumes` at a known place gets what came since; else how things stand."""
        topic = follow.topic
        known = resume_at is not None and self._complete_after is not None and resume_at >= self._complete_after
        line.put(told("subscribed", topic, {"resumed": known}))
        if resumes and not known:
            line.put(told("reset", topic))
        if not known and follow.standing is not None:
            line.put(told("standing", topic, follow.standing))
        after = resume_at if known and resume_at is not None else follow.after
        for past in self._history:
            if past.place > after and any(one.key == topic.key for one in past.topics):
                line.put(told(past.name, topic, past.payload, past.place))
        self._lines[topic.key][line] = topic

    def leave(self, line: Line, topic: Topic) -> None:
        """Follow it no more."""
        lines = self._lines.get(topic.key)
        if lines is not None:
            lines.pop(line, None)
            if not lines:
                del self._lines[topic.key]


class TopicFollow(Struct, frozen=True, kw_only=True):
    """Somebody may follow `topic`, from `after` on. `standing`: how things are, for those who do not resume."""

    channel: TopicChannel
    topic: Topic
    after: Place
    standing: Any = None
