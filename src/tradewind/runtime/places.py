"""Where subscribers stand: in the log of this database, or, where events come by Kafka, in its partitions.

Effect and place commit together. A place is also the fence: whoever comes late with events that somebody else has had
applied meanwhile finds the place beyond them, and does nothing. The rows in `runtime.position` are held by all, so log
and Kafka take turns, and what was heard from one is not heard again from the other.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from tradewind.runtime.database import Tx
from tradewind.runtime.reading import Cursor, Logged

HOLD: Final = """
    SELECT subscriber, stamp, position, pg_current_xact_id()::text::bigint AS xid
    FROM runtime.position WHERE subscriber = ANY($1::text[]) ORDER BY subscriber FOR UPDATE
"""
MOVE: Final = """
    UPDATE runtime.position SET stamp = $2, position = $3, moved_at = now()
    WHERE subscriber = ANY($1::text[]) AND (stamp, position) < ($2, $3)
"""
PARK: Final = """
    INSERT INTO runtime.dead_letter (subscriber, position, event_id, type, reason, attempts)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (subscriber, position) DO NOTHING
"""
USED_KAFKA: Final = "SELECT EXISTS (SELECT FROM runtime.kafka_position)"
HEARD_BY_KAFKA: Final = """
    SELECT k.subscriber, i.event_id
    FROM runtime.inbox AS i JOIN runtime.kafka_position AS k USING (topic, partition)
    WHERE i.event_id = ANY($1::uuid[]) AND k.subscriber = ANY($2::text[]) AND i.place < k.next
"""
IsFresh = Callable[[str, Logged], bool]
"""Whether a subscriber, by its name, has yet to hear an event."""


class Places(Protocol):
    """What a feed asks about places; everything in the transaction of the effects."""

    async def hold(self, tx: Tx, names: Sequence[str], batch: Sequence[Logged]) -> IsFresh:
        """Hold where they stand until the end of the transaction."""
        ...

    async def move(self, tx: Tx, names: Sequence[str], batch: Sequence[Logged]) -> None:
        """They have heard all of `batch`."""
        ...

    async def park(self, tx: Tx, name: str, logged: Logged, reason: str, attempts: int) -> None:
        """Note that this one gives it up."""
        ...


class LogPlaces:
    """Places in this database's log. `used_kafka`: events may have been heard by Kafka before."""

    def __init__(self, *, used_kafka: bool = False) -> None:
        self._used_kafka = used_kafka

    async def hold(self, tx: Tx, names: Sequence[str], batch: Sequence[Logged]) -> IsFresh:
        """See Places."""
        seen = await positions(tx, names)
        heard = set[Any]()
        if self._used_kafka:
            ids = [logged.row["event_id"] for logged in batch]
            heard = {(row["subscriber"], row["event_id"]) for row in await tx.all(HEARD_BY_KAFKA, ids, names)}
        return lambda name, logged: logged.at > seen[name] and (name, logged.row["event_id"]) not in heard

    async def move(self, tx: Tx, names: Sequence[str], batch: Sequence[Logged]) -> None:
        """See Places."""
        await tx.run(MOVE, names, *batch[-1].at)

    async def park(self, tx: Tx, name: str, logged: Logged, reason: str, attempts: int) -> None:
        """See Places."""
        await tx.run(PARK, name, logged.at.position, logged.row["event_id"], logged.type, reason, attempts)


async def positions(tx: Tx, names: Sequence[str]) -> dict[str, Cursor]:
    """Where they stand in the log, held until the end of the transaction."""
    rows = await tx.all(HOLD, names)
    seen = {row["subscriber"]: Cursor(row["stamp"], row["position"]) for row in rows}
    assert len(seen) == len(names), f"no position: {set(names) - seen.keys()}"
    tx.is_quiet(rows[0]["xid"])
    return seen
