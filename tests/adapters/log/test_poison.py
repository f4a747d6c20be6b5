"""Messages that no shop would send, whoever may write to a topic: each is a letter, and nobody waits behind it."""

import asyncio
import json
from typing import Any, Final, NamedTuple

import msgspec
import pytest

from tests.adapters.log.listening import Listener
from tests.counters import Counted, heard
from tradewind.adapters.log.kafka.places import KafkaPlaces
from tradewind.adapters.log.kafka.received import receive
from tradewind.kernel.ids import new_id
from tradewind.runtime import feeds
from tradewind.runtime.call import internal_call
from tradewind.runtime.database import Database
from tradewind.runtime.dead_letters import SubscribersLetters
from tradewind.runtime.feeds import MAX_ATTEMPTS, Feed
from tradewind.runtime.relay import REGISTER

TOPIC: Final = "ecommerce.test"
COUNT: Final = "SELECT count(*) FROM runtime.dead_letter"
LETTERS: Final = "SELECT subscriber, type, envelope->>'partitionKey' AS key FROM runtime.dead_letter"


class Message(NamedTuple):
    """As Kafka's client hands it over, whose own class nobody can make one of."""

    place: int
    said: bytes

    def topic(self) -> str:
        """Where it lies."""
        return TOPIC

    def partition(self) -> int:
        """Where it lies."""
        return 0

    def offset(self) -> int:
        """Where it lies."""
        return self.place

    def key(self) -> bytes:
        """Of the counter."""
        return b"far"

    def value(self) -> bytes:
        """The envelope."""
        return self.said

    def headers(self) -> None:
        """There are none."""


def an_envelope(payload: str = '{"name": "far", "version": 1}', **other: Any) -> bytes:
    """An event of a shop with another database, in every byte well but for what a test puts into it."""
    said = {
        "eventId": str(new_id()), "eventType": Counted.TYPE, "occurredAt": "2026-03-01T12:00:00Z", "traceId": "t",
        "correlationId": "c", "partitionKey": "far", "payload": "PAYLOAD", **other,
    }  # fmt: skip
    return json.dumps(said).replace('"PAYLOAD"', payload).encode()


@pytest.mark.parametrize(
    "poison",
    [
        pytest.param(an_envelope('{"name": "?", "version": 1}').replace(b"?", b"\xff"), id="payload-not-utf8"),
        pytest.param(an_envelope(more="?").replace(b"?", b"\xff"), id="unknown-field-not-utf8"),
        pytest.param(an_envelope(traceId="?").replace(b"?", b"\xff"), id="trace-not-utf8"),
        pytest.param(an_envelope(occurredAt="2026-03-01T12:00:00"), id="time-of-nowhere"),
        pytest.param(an_envelope("[" * 100_000 + "]" * 100_000), id="nested-without-end"),
    ],
)
async def test_what_looks_like_an_envelope_and_cannot_be_read_is_a_letter_and_its_neighbours_are_heard(
    db: Database, poison: bytes
) -> None:
    messages = [Message(place, said) for place, said in enumerate((an_envelope(), poison, an_envelope()))]
    assert [one.place for one in await receive(db.pool, messages)] == [0, 2]
    assert [tuple(row) for row in await db.pool.fetch(LETTERS)] == [("(kafka)", "unreadable", "far")]


@pytest.mark.parametrize(
    ("payload", "other"),
    [
        pytest.param(r'{"name": "\u0000", "version": 2}', {}, id="no-character-of-postgres"),
        pytest.param('{"name": "far", "version": 1e999999}', {}, id="a-number-beyond-all-bounds"),
        pytest.param('{"name": "far"}', {"partitionKey": "a\0b", "traceId": "\0"}, id="a-key-that-is-no-text"),
    ],
)
async def test_an_event_from_elsewhere_that_the_database_cannot_hold_is_parked_and_holds_nobody_up(
    db: Database, monkeypatch: pytest.MonkeyPatch, payload: str, other: dict[str, str]
) -> None:
    monkeypatch.setattr(feeds, "backoff_s", lambda _attempt: 0.0)
    one = Listener("one")
    await db.pool.execute(REGISTER, ["one"])
    said = (an_envelope(), an_envelope(payload, **other), an_envelope('{"name": "far", "version": 3}'))
    batch = await receive(db.pool, [Message(place, envelope) for place, envelope in enumerate(said)])
    feed = Feed([one.subscriber], db, KafkaPlaces({TOPIC: ["one"]}))
    running = asyncio.create_task(feed.run())
    try:
        await feed.put(batch)
        async with asyncio.timeout(20):
            await feed.settled()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert await heard(db, "one") == [("far", 1), ("far", 3)]
    async with db.reading(internal_call("test")) as tx:
        [letter] = await SubscribersLetters([one.subscriber]).list(tx, 10)
    assert (letter.consumer, letter.type, letter.attempts) == ("one", Counted.TYPE, MAX_ATTEMPTS)
    with pytest.raises(msgspec.ValidationError):
        async with db.transaction(internal_call("test")) as tx:
            await SubscribersLetters([one.subscriber]).redrive(tx, letter.id)
    assert await db.pool.fetchval(COUNT) == 1, "it stays one"
