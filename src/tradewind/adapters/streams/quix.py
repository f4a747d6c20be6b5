"""Sums kept by Quix Streams: read from Kafka, kept in state with a changelog, the rows put into Postgres.

Events are spread anew by currency, so that everything that adds to one row is in one partition. State, changelog and
offsets are committed together (exactly once, inside Kafka); an event that comes under its id once more is passed over.
Rows are sums as a whole, and only ever replaced by sums of more events: written again after a crash they are the same.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

import msgspec
from quixstreams import Application
from quixstreams.models import TopicConfig
from quixstreams.sinks import BatchingSink, SinkBatch

from tradewind.adapters.log.kafka.received import UNREADABLE_BY, unwrapped
from tradewind.adapters.log.kafka.topics import PARTITIONS, Names
from tradewind.adapters.streams.adding import add
from tradewind.ports.streams import HEARD, gains

COMMIT_S: Final = 1.0
TYPES: Final = {event.TYPE: event for event in HEARD}


class Sums(NamedTuple):
    """One row as it stands, its window's beginning in seconds since 1970."""

    size: str
    since_s: int
    currency: str
    captured_minor: int
    refunded_minor: int
    events: int


Write = Callable[[Sequence[Sums]], None]
"""Puts rows where they are read; blocks until that is certain, raises where it is not."""


class _Rows(BatchingSink):
    def __init__(self, write: Write) -> None:
        super().__init__()
        self._write = write

    def write(self, batch: SinkBatch) -> None:
        """Everything since the last commit, before the next one."""
        self._write([Sums(*item.value) for item in batch])


def application(servers: str, names: Names, folder: Path, write: Write) -> Application:
    """The job, to be run in a process of its own. `folder`: its state; where it is lost the changelog has it."""
    app = Application(
        broker_address=servers,
        consumer_group=names.group("revenue"),
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once",
        commit_interval=COMMIT_S,
        consumer_poll_timeout=0.1,
        state_dir=folder,
        loglevel=None,  # as whoever runs it has logging configured
        topic_create_timeout=60,
    )
    topics = names.of_events(TYPES)
    assert len(topics) == 1, "one context tells of revenue"
    config = TopicConfig(num_partitions=PARTITIONS, replication_factor=-1)
    source = app.topic(topics[0], key_deserializer="bytes", value_deserializer="bytes", config=config)
    stream = app.dataframe(source).apply(_read).filter(lambda one: one is not None)
    stream = stream.group_by("currency", name="currency").apply(add, stateful=True, expand=True)
    stream.sink(_Rows(write))
    return app


def _read(value: bytes) -> dict[str, Any] | None:
    """What a message comes to, in words that travel; None where it is no event of this job's."""
    try:
        wrapped = unwrapped(value)
        if wrapped.event_type not in TYPES:
            return None
        event = msgspec.json.decode(wrapped.payload, type=TYPES[wrapped.event_type])
    except UNREADABLE_BY:
        return None  # a dead letter of the shop's own consumers
    found = [
        (one.size, int(one.since.timestamp()), one.currency, one.captured_minor, one.refunded_minor)
        for one in gains(cast(Any, event), wrapped.occurred_at.astimezone(UTC))
    ]
    return {"id": str(wrapped.event_id), "currency": event.currency, "gains": found}


def columns(rows: Sequence[Sums]) -> tuple[list[Any], ...]:
    """The rows as the statement that writes them wants them."""
    sizes, since_s, *rest = map(list, zip(*rows, strict=True))
    return sizes, [datetime.fromtimestamp(at, UTC) for at in since_s], *rest
