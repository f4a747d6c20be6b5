"""What the runtime itself holds of a person: answers kept for Idempotency-Keys, the trail, and why events were parked.

Events, sagas and the trail name people by their id alone; the trail stays, as the books do.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from tradewind.contracts.privacy import Person
from tradewind.runtime.database import Tx

ANSWERS: Final = "SELECT answer::text AS answer, expires_at FROM runtime.idempotency WHERE subject = $1"
TRAIL: Final = """
    SELECT at, action, subject, facts::text AS facts FROM runtime.audit_entry
    WHERE actor = $1 OR subject = $1 ORDER BY id LIMIT $2
"""
FORGET_ANSWERS: Final = "DELETE FROM runtime.idempotency WHERE subject = $1"
FORGET_REASONS: Final = """
    UPDATE runtime.dead_letter AS d SET reason = 'erased' FROM runtime.outbox AS o
    WHERE o.position = d.position AND (o.key = $1 OR o.payload ->> 'userId' = $1 OR o.payload ->> 'customerId' = $1)
"""
MAX_TRAIL: Final = 100_000
"""Entries of the trail in one export; nobody does more by hand."""


class RuntimeData:
    """Answers to PersonalData for the runtime's own tables."""

    async def export(self, tx: Tx, person: Person) -> Mapping[str, Any]:
        """Kept answers, and what the trail says that this person did or had done to them."""
        answers = [
            {"answer": msgspec.Raw(row["answer"].encode()), "expiresAt": row["expires_at"]}
            for row in await tx.all(ANSWERS, person.user_id)
        ]
        trail = [
            {name: row[name] for name in ("at", "action", "subject")} | {"facts": msgspec.Raw(row["facts"].encode())}
            for row in await tx.all(TRAIL, person.user_id, MAX_TRAIL)
        ]
        return {"answers": answers, "trail": trail}

    async def erase(self, tx: Tx, person: Person) -> None:
        """Forget the answers, and what the errors of parked events may have quoted."""
        await tx.run(FORGET_ANSWERS, person.user_id)
        await tx.run(FORGET_REASONS, person.user_id)
