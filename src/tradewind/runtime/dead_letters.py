"""Dead letters of those who hear events: seen, and heard again by exactly the subscriber that gave them up.

The letter goes in the transaction of the effect: it happens once, however often somebody redrives it, and where it
fails again the letter stays. The subscriber's position is held meanwhile, so the relay and a redrive take turns.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from msgspec import Raw

from tradewind.contracts.dead_letters import DeadLetter
from tradewind.runtime.call import internal_call
from tradewind.runtime.database import Tx
from tradewind.runtime.places import HOLD
from tradewind.runtime.reading import Cursor, Logged
from tradewind.runtime.subscriptions import Subscriber

LIST: Final = """
    SELECT d.subscriber, d.position, d.event_id, d.type, d.reason, d.attempts, d.parked_at,
           coalesce(o.key, d.envelope->>'partitionKey') AS key, coalesce(o.trace_id, d.envelope->>'traceId') AS trace_id
    FROM runtime.dead_letter AS d LEFT JOIN runtime.outbox AS o ON o.position = d.position
    ORDER BY o.stamp, o.position, d.position DESC, d.subscriber LIMIT $1
"""
"""Those of the log in its order, then those of events from elsewhere, the oldest first: their positions fall."""
FIND: Final = """
    SELECT d.subscriber, d.position, d.event_id, d.type, d.reason, d.attempts, d.parked_at,
           coalesce(o.key, d.envelope->>'partitionKey') AS key,
           coalesce(o.trace_id, d.envelope->>'traceId') AS trace_id,
           coalesce(o.occurred_at, (d.envelope->>'occurredAt')::timestamptz) AS occurred_at,
           coalesce(o.correlation_id, d.envelope->>'correlationId') AS correlation_id,
           coalesce(o.payload, d.envelope->'payload')::text AS payload, coalesce(o.stamp, 0) AS stamp,
           0::float8 AS age_ms
    FROM runtime.dead_letter AS d LEFT JOIN runtime.outbox AS o ON o.position = d.position
    WHERE d.subscriber = $1 AND d.position = $2
"""
TAKE: Final = "DELETE FROM runtime.dead_letter WHERE subscriber = $1 AND position = $2"


class SubscribersLetters:
    """Answers to DeadLetters for everybody that the relay feeds."""

    def __init__(self, subscribers: Iterable[Subscriber]) -> None:
        self._subscribers = {one.name: one for one in subscribers}

    async def list(self, tx: Tx, limit: int) -> Sequence[DeadLetter]:
        """In the order of the log."""
        return [_letter(row) for row in await tx.all(LIST, limit)]

    async def find(self, tx: Tx, id_: str) -> DeadLetter | None:
        """One of them, with what the event says."""
        name, position = _place(id_)
        row = await tx.row(FIND, name, position)
        return None if row is None else _letter(row, Raw(row["payload"].encode()))

    async def redrive(self, tx: Tx, id_: str) -> bool:
        """Have its subscriber hear it now, on behalf of the call that told it; the trail names who redrove it."""
        name, position = _place(id_)
        if name not in self._subscribers or await tx.row(HOLD, [name]) is None:
            return False
        row: Any = await tx.row(FIND, name, position)
        if row is None or not await tx.run(TAKE, name, position):
            return False
        logged = Logged(Cursor(row["stamp"], row["position"]), row["type"], row)
        subscriber, operator = self._subscribers[name], tx.call
        tx.audit("dead_letters.redrive", id_, call=operator, eventType=logged.type)
        tx.call = internal_call(name, correlation_id=row["correlation_id"], trace_id=row["trace_id"])
        given = subscriber.given(logged)
        await subscriber.react([given] if subscriber.together else given, tx)
        await tx.flush()
        tx.call = operator
        return True

    async def drop(self, tx: Tx, id_: str, why: str) -> bool:
        """Have nobody hear it any more, for good; the trail names who decided so, and why. Whether it was there."""
        name, position = _place(id_)
        row = await tx.row(FIND, name, position)
        if row is None or not await tx.run(TAKE, name, position):
            return False
        tx.audit("dead_letters.drop", id_, eventId=str(row["event_id"]), eventType=row["type"], why=why)
        return True


def _place(id_: str) -> tuple[str, int]:
    name, _, position = id_.rpartition("/")
    return name, int(position) if position.removeprefix("-").isdecimal() and len(position) < 19 else 0


def _letter(row: Any, payload: Raw | None = None) -> DeadLetter:
    said = {name: row[name] for name in ("event_id", "type", "key", "trace_id", "reason", "attempts", "parked_at")}
    return DeadLetter(id=f"{row['subscriber']}/{row['position']}", consumer=row["subscriber"], payload=payload, **said)
