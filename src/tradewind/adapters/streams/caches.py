"""The caches' stream job on Quix Streams: what a commit holds takes effect in Redis, then its offsets are noted.

It has no state: events that are heard again after a crash come to the same. Where Redis or Postgres is away the
partitions are paused, and what was not done is taken again from its offset.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from quixstreams import Application
from quixstreams.sinks import BaseSink, SinkBackpressureError

from tradewind.adapters.cache.streamed import Came
from tradewind.adapters.streams.forgetting import Message

COMMIT_S: Final = 0.05
RETRY_S: Final = 1.0
TOGETHER: Final = 500
"""Messages in one commit, at most."""

Hear = Callable[[Sequence[Message]], bool]
"""Blocks until they have taken effect; False where they must be heard again."""


class _Effects(BaseSink):
    def __init__(self, hear: Hear) -> None:
        super().__init__()
        self._hear = hear
        self._messages: list[Message] = []

    def add(self, value: Any, key: Any, timestamp: int, headers: Any, topic: str, partition: int, offset: int) -> None:
        """Take one in."""
        self._messages.append(Message(Came(topic, partition, offset), value, headers or ()))

    def flush(self) -> None:
        """Everything since the last commit, before the next one."""
        messages, self._messages = self._messages, []
        if messages and not self._hear(messages):
            raise SinkBackpressureError(RETRY_S)

    def on_paused(self) -> None:
        """What was taken in will come again."""
        self._messages.clear()


def application(servers: str, group: str, topics: Iterable[str], folder: Path, hear: Hear) -> Application:
    """The job, to be run in a process of its own. The topics must be there, and the group have a place in them."""
    app = Application(
        broker_address=servers,
        consumer_group=group,
        auto_offset_reset="earliest",
        processing_guarantee="at-least-once",
        commit_interval=COMMIT_S,
        commit_every=TOGETHER,
        consumer_poll_timeout=COMMIT_S,
        auto_create_topics=False,
        consumer_extra_config={"session.timeout.ms": 10_000, "heartbeat.interval.ms": 2_000},
        broker_availability_timeout=0,  # it waits for them
        state_dir=folder,
        loglevel=None,  # as whoever runs it has logging configured
    )
    effects = _Effects(hear)
    for name in topics:
        topic = app.topic(name, key_deserializer="bytes", value_deserializer="bytes")
        app.dataframe(topic).sink(effects)
    return app
