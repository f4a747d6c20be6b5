"""What the caches' stream job does with the messages of its topics: the contexts' own listeners hear them.

What an event forgets, or puts, is said once, by those listeners; in a process of the shop they hear the log, here they
hear Kafka, and the cache that they find is Redis alone. Heard twice, late or in another order it comes to the same:
marks and values only ever rise.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from tradewind.adapters.cache.streamed import Came, StreamedCache
from tradewind.adapters.log.kafka.received import UNREADABLE_BY, Wrapped, position_in, unwrapped
from tradewind.contracts.messages import Event
from tradewind.kernel.clock import now
from tradewind.ports.cache import Cache
from tradewind.runtime.reading import START, Cursor
from tradewind.runtime.subscriptions import Here, Listener
from tradewind.runtime.tail import hear, reset
from tradewind.runtime.telemetry import metrics

NAME: Final = "(caches)"
PLACED: Final = """
    SELECT o.stamp, o.position
    FROM unnest($1::uuid[], $2::bigint[]) WITH ORDINALITY AS n (event_id, position, nth)
    LEFT JOIN runtime.outbox AS o ON o.position = n.position AND o.event_id = n.event_id
    ORDER BY nth
"""
"""Where events stand in this database's log; nowhere, where another one told them."""
_lag = metrics.event_lag_ms.labels(NAME)


class Message(NamedTuple):
    """A message as it lies in a topic."""

    came: Came
    value: bytes
    headers: Sequence[tuple[str, bytes]]


class Forgetting:
    """`parts`: what listeners find by `here.peer`, beside the cache."""

    def __init__(
        self, pool: Any, cache: StreamedCache, listeners: Iterable[Listener], parts: Mapping[type, object]
    ) -> None:
        self._pool, self._cache = pool, cache
        self._here = Here({**parts, Cache: cache})
        self._hearing: dict[str, list[Listener]] = {}
        self._classes: dict[str, type[Event]] = {}
        for one in listeners:
            for event in one.events:
                self._hearing.setdefault(event.TYPE, []).append(one)
                self._classes[event.TYPE] = event

    async def hear(self, messages: Sequence[Message]) -> None:
        """Return once Redis has been told what they come to. Raises SharedStoreAway, and what asyncpg does."""
        known = [(one, wrapped) for one in messages if (wrapped := self._read(one)) is not None]
        if not known:
            return
        ids = [wrapped.event_id for _, wrapped in known]
        rows = await self._pool.fetch(PLACED, ids, [position_in(one.headers) for one, _ in known])
        for (one, wrapped), row in zip(known, rows, strict=True):
            self._place(one, row)
            self._tell(wrapped)
        await self._cache.tell()
        _lag.observe_many((now() - wrapped.occurred_at).total_seconds() * 1000 for _, wrapped in known)

    def _read(self, message: Message) -> Wrapped | None:
        """None where nobody listens; and what nobody can read is a dead letter of the shop's own consumers."""
        try:
            wrapped = unwrapped(message.value)
        except UNREADABLE_BY:
            return None
        return wrapped if wrapped.event_type in self._hearing else None

    def _place(self, message: Message, row: Any) -> None:
        is_local = row["stamp"] is not None
        self._cache.came = None if is_local else message.came
        self._here.at = Cursor(row["stamp"], row["position"]) if is_local else START

    def _tell(self, wrapped: Wrapped) -> None:
        listeners = self._hearing[wrapped.event_type]
        try:
            event = msgspec.json.decode(wrapped.payload, type=self._classes[wrapped.event_type])
        except msgspec.MsgspecError:
            for one in listeners:
                reset(one, self._here)
            return
        for one in listeners:
            hear(one, event, self._here)
