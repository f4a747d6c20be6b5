"""The SQL of what is on its way: claimed under a lease, recorded by whoever still holds it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from tradewind.contexts.webhooks._domain.subscription import CIRCUIT_AFTER, CIRCUIT_S
from tradewind.kernel import clock
from tradewind.runtime.database import Tx

LEASE_S: Final = 30
"""Twice as long as an attempt may take; then another worker makes the attempt again, under the same webhook-id."""
AT_ONCE: Final = 64
"""Messages on their way to one subscription: a slow partner holds up nobody but itself."""
CLAIM: Final = """
    WITH free AS MATERIALIZED (
        SELECT s.*, $3 - (SELECT count(*) FROM webhooks.delivery AS d WHERE d.subscription_id = s.id
                          AND d.status = 'PENDING' AND d.lease_until > $1) AS slots
        FROM webhooks.webhook_subscriptions AS s WHERE s.status = 'ACTIVE'),
    due AS MATERIALIZED (
        SELECT d.subscription_id, d.sequence FROM free AS f, LATERAL (
            SELECT d.subscription_id, d.sequence FROM webhooks.delivery AS d
            WHERE d.subscription_id = f.id AND d.status = 'PENDING' AND d.due_at <= $1 AND d.lease_until <= $1
              AND (d.attempts > 0 OR f.open_until <= $1)
              AND d.sequence = (SELECT e.sequence FROM webhooks.delivery AS e
                                WHERE e.subscription_id = d.subscription_id AND e.status = 'PENDING' AND e.key = d.key
                                ORDER BY e.sequence LIMIT 1)
            ORDER BY d.due_at, d.sequence LIMIT greatest(f.slots, 0) FOR UPDATE SKIP LOCKED) AS d)
    UPDATE webhooks.delivery AS d SET lease_until = $2 FROM due JOIN free AS f ON f.id = due.subscription_id
    WHERE d.subscription_id = due.subscription_id AND d.sequence = due.sequence
    RETURNING d.subscription_id, d.sequence, d.event_id, d.attempts, d.lease_until, d.body, f.url, f.secret,
              CASE WHEN f.old_until > $1 THEN f.old_secret END AS old_secret
"""
RECORD: Final = """
    UPDATE webhooks.delivery AS d SET status = u.status, attempts = u.attempts, due_at = u.due_at, reason = u.reason,
           lease_until = '-infinity', settled_at = CASE WHEN u.status <> 'PENDING' THEN $8::timestamptz END
    FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::text[], $5::int[], $6::timestamptz[], $7::text[])
         AS u (subscription_id, sequence, lease_until, status, attempts, due_at, reason)
    WHERE d.subscription_id = u.subscription_id AND d.sequence = u.sequence AND d.status = 'PENDING'
      AND d.lease_until = u.lease_until
    RETURNING d.subscription_id, d.sequence
"""
LOG: Final = """
    INSERT INTO webhooks.webhook_delivery_attempts (subscription_id, sequence, attempt, at, status_code, outcome)
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::int[], $4::timestamptz[], $5::int[], $6::text[])
"""
HEALTH: Final = """
    UPDATE webhooks.webhook_subscriptions AS s
    SET failures = CASE WHEN u.taken THEN 0 ELSE s.failures + u.failures END,
        open_until = CASE WHEN u.taken THEN '-infinity'
                          WHEN s.failures + u.failures >= $6 THEN greatest(u.not_before, $5)
                          ELSE greatest(u.not_before, s.open_until) END
    FROM unnest($1::uuid[], $2::boolean[], $3::int[], $4::timestamptz[]) AS u (id, taken, failures, not_before)
    WHERE s.id = u.id
"""
DISABLE: Final = """
    UPDATE webhooks.webhook_subscriptions SET status = 'DISABLED', why = 'the partner answered 410 Gone'
    WHERE id = ANY($1::uuid[]) AND status = 'ACTIVE'
"""
REDELIVER: Final = """
    UPDATE webhooks.delivery SET status = 'PENDING', attempts = 0, due_at = $4, settled_at = NULL, reason = ''
    WHERE subscription_id = $1 AND status <> 'PENDING' AND (sequence >= $2 OR event_id = ANY($3::uuid[]))
"""
PAGE: Final = """
    SELECT sequence, event_id, type, key, status, attempts, due_at, settled_at, reason,
           (SELECT coalesce(json_agg(json_build_object('attempt', a.attempt, 'at', a.at, 'statusCode', a.status_code,
                    'outcome', a.outcome) ORDER BY a.id), '[]')::text
            FROM webhooks.webhook_delivery_attempts AS a
            WHERE a.subscription_id = d.subscription_id AND a.sequence = d.sequence) AS log
    FROM webhooks.delivery AS d WHERE subscription_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3
"""


class Outcome(NamedTuple):
    """What became of one attempt, as it is written down."""

    subscription_id: UUID
    sequence: int
    lease_until: datetime
    status: str
    attempts: int
    due_at: datetime
    reason: str
    at: datetime
    code: int | None
    not_before: datetime
    event_id: UUID


async def claim(tx: Tx) -> Sequence[Any]:
    """What is due, the head of each key alone, now leased to the caller."""
    moment = clock.now()
    return await tx.all(CLAIM, moment, moment + timedelta(seconds=LEASE_S), AT_ONCE)


async def record(tx: Tx, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Write down what became of attempts; those whose lease had gone to somebody else change nothing."""
    moment = clock.now()
    columns = [list(column) for column in zip(*(one[:7] for one in outcomes), strict=True)]
    held = {(row[0], row[1]) for row in await tx.all(RECORD, *columns, moment)}
    kept = [one for one in outcomes if (one.subscription_id, one.sequence) in held]
    if not kept:
        return []
    await tx.run(
        LOG, [one.subscription_id for one in kept], [one.sequence for one in kept], [one.attempts for one in kept],
        [one.at for one in kept], [one.code for one in kept], [one.reason for one in kept],
    )  # fmt: skip
    ids = sorted({one.subscription_id for one in kept})
    of = [[one for one in kept if one.subscription_id == id_] for id_ in ids]
    taken = [any(one.status == "DELIVERED" for one in some) for some in of]
    until = moment + timedelta(seconds=CIRCUIT_S)
    not_before = [max(one.not_before for one in some) for some in of]
    await tx.run(HEALTH, ids, taken, [len(some) for some in of], not_before, until, CIRCUIT_AFTER)
    return kept
