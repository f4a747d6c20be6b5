"""Saga rows: begun with the order they carry, claimed under a lease, written only by the holder of the newest fence."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from tradewind.runtime.call import Actor, Call
from tradewind.runtime.database import Tx
from tradewind.runtime.saga.advance import MOVING, Phase, State
from tradewind.runtime.saga.definition import Saga
from tradewind.runtime.telemetry.logs import names_of

BEGIN: Final = """
    INSERT INTO runtime.saga (id, name, version, phase, step, due_at, trace_id, correlation_id)
    SELECT id, $2, $3, 'STARTED', $4, now(), trace_id, correlation_id FROM unnest($1::runtime.new_saga[])
"""
CLAIM: Final = """
    UPDATE runtime.saga AS s
    SET fence = s.fence + 1, lease_until = now() + $3 * interval '1 second', hinted = false
    FROM (SELECT id FROM runtime.saga
          WHERE due_at <= now() AND lease_until <= now() AND name || '@' || version = ANY($1::text[])
          ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED) AS due
    WHERE s.id = due.id
    RETURNING s.*, pg_current_xact_id()::text::bigint AS xid,
              extract(epoch FROM now() - s.step_since)::float8 AS step_age_s,
              extract(epoch FROM now() - s.started_at)::float8 AS age_s
"""
LOCK: Final = """
    SELECT s.id, s.fence, s.cancel, pg_current_xact_id()::text::bigint AS xid FROM runtime.saga AS s
    JOIN unnest($1::runtime.held_saga[]) AS u ON (s.id, s.fence, s.step, s.undoing) = (u.id, u.fence, u.step, u.undoing)
    WHERE s.phase IN ('STARTED', 'COMPENSATING')
    ORDER BY s.id FOR UPDATE OF s
"""
RENEW: Final = """
    UPDATE runtime.saga AS s SET lease_until = now() + $3 * interval '1 second'
    FROM (SELECT r.id FROM runtime.saga AS r
          JOIN unnest($1::uuid[], $2::bigint[]) AS u (id, fence) ON r.id = u.id AND r.fence = u.fence
          WHERE r.lease_until <> '-infinity' FOR UPDATE OF r SKIP LOCKED) AS ours
    WHERE s.id = ours.id
"""
FIND: Final = "SELECT * FROM runtime.saga WHERE id = $1 FOR UPDATE"
SETTLE: Final = """
    UPDATE runtime.saga AS s
    SET phase = u.phase, step = u.step, undoing = u.undoing, attempt = u.attempt, attempt_group = u.attempt_group,
        cancel = u.cancel, why = u.why, refused = u.refused,
        due_at = now() + u.delay_s * (NOT s.hinted)::int * interval '1 second', hinted = false,
        lease_until = CASE WHEN u.keep THEN now() + $2 * interval '1 second' ELSE '-infinity' END,
        step_since = CASE WHEN (s.step, s.undoing) = (u.step, u.undoing) AND u.attempt > 0
                          THEN s.step_since ELSE now() END,
        fence = s.fence + u.fence_step, changed_at = now()
    FROM unnest($1::runtime.settled_saga[]) AS u WHERE s.id = u.id
"""
NOTE: Final = """
    INSERT INTO runtime.saga_journal (saga_id, step, message, detail)
    SELECT * FROM unnest($1::runtime.new_note[])
"""
OVERDUE: Final = """
    SELECT coalesce(extract(epoch FROM now() - min(due_at) FILTER (WHERE due_at < now())), 0)::float8 AS oldest_s,
           (SELECT count(*) FROM runtime.saga WHERE phase = 'NEEDS_ATTENTION') AS parked
    FROM runtime.saga WHERE due_at IS NOT NULL
"""


class Held(NamedTuple):
    """A claimed saga: its state as it was read, and the fence that its holder must show."""

    id: UUID
    kind: str
    state: State
    fence: int
    call: Call
    step_age_s: float
    age_s: float

    @property
    def names(self) -> dict[str, str]:
        """What a line of the log says of it."""
        return {"orderId": str(self.id), **names_of(self.call)}


class Settled(NamedTuple):
    """What is to be written of one saga. `delay_s` None: nothing more is due. `keep`: its holder goes on with it."""

    id: UUID
    state: State
    delay_s: float | None
    keep: bool
    fence_step: int = 0


class Note(NamedTuple):
    """A line of a saga's journal."""

    saga_id: UUID
    step: str
    message: str
    detail: str | None


def state_of(row: Any) -> State:
    """The state that a row holds."""
    names = ("step", "undoing", "attempt", "attempt_group", "cancel", "why", "refused")
    return State(phase=Phase(row["phase"]), **{name: row[name] for name in names})


def call_of(row: Any) -> Call:
    """The call that a saga makes on its own behalf, under the trace of the command that began it."""
    actor = Actor(subject=f"system:saga:{row['name']}", roles=frozenset({"system"}))
    return Call(actor=actor, correlation_id=row["correlation_id"], trace_id=row["trace_id"], route=row["name"])


def begin(tx: Tx, saga: Saga, ids: Sequence[UUID], calls: Sequence[Call], *, at_step: int = 0) -> None:
    """Begin a saga for each id in this transaction; `at_step` steps were done by whoever begins it."""
    rows = [(id_, call.trace_id, call.correlation_id) for id_, call in zip(ids, calls, strict=True)]
    tx.later(BEGIN, rows, saga.name, saga.version, at_step)


async def claim(tx: Tx, kinds: Sequence[str], limit: int, lease_s: float) -> list[Held]:
    """Take up to `limit` due sagas that nobody holds."""
    rows = await tx.all(CLAIM, list(kinds), limit, lease_s)
    _is_quiet(tx, rows)
    return [
        Held(r["id"], f"{r['name']}@{r['version']}", state_of(r), r["fence"], call_of(r), r["step_age_s"], r["age_s"])
        for r in rows
    ]


async def lock(tx: Tx, held: Sequence[Held]) -> dict[tuple[UUID, int], str | None]:
    """Lock those that are still ours, where we left them; what each one's cancel says now. A stale holder gets nothing.

    By id and fence: a process whose lease ran out may have claimed a saga anew, and so hold it twice, once in vain.
    A commit whose acknowledgement was lost has moved its saga on: that one is left to the next claim, which reads it.
    """
    rows = await tx.all(LOCK, [(one.id, one.fence, one.state.step, one.state.undoing) for one in held])
    _is_quiet(tx, rows)
    return {(row["id"], row["fence"]): row["cancel"] for row in rows}


def _is_quiet(tx: Tx, rows: Sequence[Any]) -> None:
    """Sagas of this process must not hold up its relay while they have told nothing (see runtime.quiet)."""
    if rows:
        tx.is_quiet(rows[0]["xid"])


def settle(tx: Tx, settled: Sequence[Settled], notes: Sequence[Note], lease_s: float) -> None:
    """Write states and journal with the transaction's last statement. Each row was locked before."""
    if settled:
        tx.later(SETTLE, [_row(one) for one in settled], lease_s)
    if notes:
        tx.later(NOTE, notes)


def _row(one: Settled) -> tuple[Any, ...]:
    s, due = one.state, one.state.phase in MOVING
    return (one.id, s.phase.value, s.step, s.undoing, s.attempt, s.attempt_group, s.cancel, s.why, s.refused,
            one.delay_s if due else None, one.keep, one.fence_step)  # fmt: skip
