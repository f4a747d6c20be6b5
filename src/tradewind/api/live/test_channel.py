"""Channels: who was away gets what came since, or is told to look again; who is slow is dropped."""

from typing import Any

from msgspec import Struct

from tradewind.api.live.channel import HISTORY, QUEUE, RESET, Channel, Feed, Place, frame
from tradewind.runtime.reading import Cursor
from tradewind.runtime.subscriptions import Here


class Started(Struct, frozen=True):
    """Something began."""

    n: int


class Log:
    """A log of which a channel hears."""

    def __init__(self, since: int = 10) -> None:
        self.here = Here({})
        self.here.since = Cursor(since, 1)
        self.channel = Channel("news")
        self._next = since

    def tell(self, n: int) -> bytes:
        """One more event; what goes over the wire."""
        self._next += 1
        self.here.at = Cursor(self._next, 1)
        self.channel.publish(self.here, "started", Started(n=n))
        return frame("started", Started(n=n), Place(self._next, 1))


async def all_of(feed: Feed) -> bytes:
    return await feed.take() if feed.waiting else b""


def enter(log: Log, last_id: bytes | None = None, opening: Any = None) -> Feed:
    follow = log.channel.follow()
    if opening is not None:
        follow.open_with("standing", opening)
    return log.channel.enter(follow, Place.parse(last_id), resumes=last_id is not None)


def test_an_event_on_the_wire_has_its_place_in_the_log_as_id() -> None:
    assert frame("started", Started(n=1), Place(7, 8)) == b'id: 7-8\nevent: started\ndata: {"n":1}\n\n'
    assert frame("started", {"text": "two\nlines"}) == b'event: started\ndata: {"text":"two\\nlines"}\n\n'


async def test_a_newcomer_gets_how_things_stand_and_then_what_comes() -> None:
    log = Log()
    log.tell(1)
    feed = enter(log, opening=Started(n=0))
    two = log.tell(2)
    assert await all_of(feed) == frame("standing", Started(n=0)) + two


async def test_what_came_between_asking_and_entering_is_not_lost() -> None:
    log = Log()
    log.tell(1)
    follow = log.channel.follow()
    two = log.tell(2)
    assert await all_of(log.channel.enter(follow, None, resumes=False)) == two


async def test_who_was_away_for_a_moment_gets_what_came_since_and_no_opening() -> None:
    log = Log()
    log.tell(1)
    two, three = log.tell(2), log.tell(3)
    assert await all_of(enter(log, b"11-1", Started(n=0))) == two + three
    assert await all_of(enter(log, b"10-1", Started(n=0))) == log.channel._history[0][1] + two + three


async def test_who_was_away_for_too_long_is_told_to_look_again() -> None:
    log = Log()
    for n in range(HISTORY + 1):
        log.tell(n)
    assert await all_of(enter(log, b"10-1", Started(n=0))) == RESET + frame("standing", Started(n=0))
    feed = enter(log, b"11-1")
    assert len(feed.waiting) == HISTORY, "the history begins right after it"


async def test_an_id_that_is_none_of_ours_or_older_than_this_process_is_a_reset() -> None:
    log = Log()
    assert await all_of(enter(log, b"10-1")) == RESET, "nothing was heard yet: not known"
    log.tell(1)
    for last_id in (b"9-1", b"", b"x", b"1-2-3", b"\xff", b"9" * 30 + b"-1"):
        assert await all_of(enter(log, last_id)) == RESET


async def test_when_events_may_have_been_missed_everybody_looks_again() -> None:
    log = Log()
    log.tell(1)
    feed = enter(log)
    log.channel.start_over(log.here)
    two = log.tell(2)
    assert await all_of(feed) == RESET + two


async def test_who_does_not_read_is_dropped_and_holds_nobody_up() -> None:
    log = Log()
    slow, ended = enter(log), []
    slow.on_end = lambda: ended.append(slow.ended)
    other = enter(log)
    for n in range(QUEUE + 1):
        log.tell(n)
        await all_of(other)
    assert (slow.ended, ended) == ("too slow", ["too slow"])
    assert other.ended is None
    assert await slow.take() == b""


async def test_who_left_is_told_nothing() -> None:
    log = Log()
    feed = enter(log)
    log.channel.leave(feed)
    log.tell(1)
    assert (len(log.channel), len(feed.waiting)) == (0, 0)
