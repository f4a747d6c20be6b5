"""Messages that a partner did not take after every retry, as dead letters like anybody else's."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from msgspec import Raw

from tradewind.contracts.dead_letters import DeadLetter
from tradewind.kernel.clock import now
from tradewind.runtime.database import Tx

CONSUMER: Final = "webhooks"
LIST: Final = """
    SELECT subscription_id, sequence, event_id, type, key, trace_id, reason, attempts, settled_at AS parked_at
    FROM webhooks.delivery WHERE status = 'DEAD' ORDER BY settled_at, subscription_id, sequence LIMIT $1
"""
FIND: Final = """
    SELECT subscription_id, sequence, event_id, type, key, trace_id, reason, attempts, settled_at AS parked_at,
           (body::jsonb -> 'payload')::text AS payload
    FROM webhooks.delivery WHERE status = 'DEAD' AND subscription_id = $1 AND sequence = $2
"""
REDRIVE: Final = """
    UPDATE webhooks.delivery SET status = 'PENDING', attempts = 0, due_at = $3, settled_at = NULL, reason = ''
    WHERE status = 'DEAD' AND subscription_id = $1 AND sequence = $2
"""


class PartnersLetters:
    """Answers to DeadLetters. A place is webhooks/<subscription>/<sequence>."""

    async def list(self, tx: Tx, limit: int) -> Sequence[DeadLetter]:
        """The oldest ones."""
        return [_letter(row) for row in await tx.all(LIST, limit)]

    async def find(self, tx: Tx, id_: str) -> DeadLetter | None:
        """One of them, with what the event says."""
        place = _place(id_)
        row = place and await tx.row(FIND, *place)
        return _letter(row, Raw(row["payload"].encode())) if row else None

    async def redrive(self, tx: Tx, id_: str) -> bool:
        """Send it again, by the whole plan, under the id and the number that it had."""
        place = _place(id_)
        if place is None or not await tx.run(REDRIVE, *place, now()):
            return False
        tx.audit("dead_letters.redrive", id_)
        tx.ring()
        return True


def _place(id_: str) -> tuple[UUID, int] | None:
    parts = id_.split("/")
    if len(parts) != 3 or parts[0] != CONSUMER or not parts[2].isdecimal() or len(parts[2]) > 18:
        return None
    try:
        return UUID(parts[1]), int(parts[2])
    except ValueError:
        return None


def _letter(row: Any, payload: Raw | None = None) -> DeadLetter:
    said = {name: row[name] for name in ("event_id", "type", "key", "trace_id", "reason", "attempts", "parked_at")}
    id_ = f"{CONSUMER}/{row['subscription_id']}/{row['sequence']}"
    return DeadLetter(id=id_, consumer=CONSUMER, payload=payload, **said)
