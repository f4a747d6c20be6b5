"""What a person may see of sagas: which there are, and everything that was said of one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from tradewind.runtime.database import Tx
from tradewind.runtime.saga.signals import NoSuchSaga

MAX_LISTED = 1_000
LIST: Final = """
    SELECT id, name, version, phase, step, undoing, attempt, why, cancel, due_at, started_at, changed_at
    FROM runtime.saga WHERE $1::text IS NULL OR phase = $1 ORDER BY changed_at DESC LIMIT $2
"""
SHOW: Final = """
    SELECT id, name, version, phase, step, undoing, attempt, why, cancel, due_at, started_at, changed_at
    FROM runtime.saga WHERE id = $1
"""
JOURNAL: Final = "SELECT at, step, message, detail FROM runtime.saga_journal WHERE saga_id = $1 ORDER BY id"


class SagaLine(Struct, frozen=True, kw_only=True, rename="camel"):
    """A saga in a list. Its id is the id of the order, or the refund, that it carries."""

    id: UUID
    saga: str
    phase: str
    step: int
    undoing: bool
    attempt: int
    why: str | None
    cancel: str | None
    due_at: datetime | None
    started_at: datetime
    changed_at: datetime


class JournalLine(Struct, frozen=True, rename="camel"):
    """One thing that was said of a step."""

    at: datetime
    step: str
    message: str
    detail: str | None


class SagaHistory(Struct, frozen=True, rename="camel"):
    """A saga and everything that was said of its steps."""

    saga: SagaLine
    journal: list[JournalLine]


async def list_sagas(tx: Tx, phase: str | None, limit: int) -> Sequence[SagaLine]:
    """The sagas that changed last, of one phase or of all."""
    return [_line(row) for row in await tx.all(LIST, phase, min(limit, MAX_LISTED))]


async def show_saga(tx: Tx, saga_id: UUID) -> SagaHistory:
    """One saga with its journal; refuses with NoSuchSaga."""
    row = await tx.row(SHOW, saga_id)
    if row is None:
        raise NoSuchSaga(sagaId=str(saga_id))
    return SagaHistory(_line(row), [JournalLine(*line) for line in await tx.all(JOURNAL, saga_id)])


def _line(row: Any) -> SagaLine:
    same = ("id", "phase", "step", "undoing", "attempt", "why", "cancel", "due_at", "started_at", "changed_at")
    return SagaLine(saga=f"{row['name']}@{row['version']}", **{name: row[name] for name in same})
