"""Messages that no shop would send, whoever may write to a topic: each is a letter, and nobody waits behind it."""

import json
from typing import Any, Final, NamedTuple

import pytest

from tests.counters import Counted
from tradewind.adapters.log.kafka.received import receive
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Database

TOPIC: Final = "ecommerce.test"
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
