"""The SQL of what is on its way: claimed under a lease, recorded by whoever still holds it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, Final, NamedTuple
from uuid import UUID

from tradewind.contexts.webhooks._domain.subscription import CIRCUIT_AFTER, CIRCUIT_S
from tradewind.kernel import clock
from tradewind.ports.retry_queue import Retry
from tradewind.runtime.database import Tx

LEASE_S: Final = 30
"""Twice as long as an attempt may take; then another worker makes the attempt again, under the same webhook-id."""
AT_ONCE: Final = 64
"""Messages that one worker has on their way to one subscription: a slow partner holds up nobody but itself."""
RUN: Final = 16
"""Messages of one key that are claimed together, to be sent one after the other as long as each is taken."""
CLAIM: Final = """
    WITH head AS MATERIALIZED (
        SELECT d.*, f.url, f.secret, CASE WHEN f.old_until > $1 THEN f.old_secret END AS old_secret
        FROM webhooks.webhook_subscriptions AS f LEFT JOIN unnest($4::uuid[], $5::int[]) AS a (id, away) ON a.id = f.id,
        LATERAL (
            SELECT d.subscription_id, d.key, d.sequence FROM webhooks.delivery AS d
            WHERE d.subscription_id = f.id AND d.status = 'PENDING' AND d.due_at <= $1 AND d.lease_until <= $1
              AND (d.attempts > 0 OR f.open_until <= $1)
              AND d.sequence = (SELECT e.sequence FROM webhooks.delivery AS e
                                WHERE e.subscription_id = d.subscription_id AND e.status = 'PENDING' AND e.key = d.key
                                ORDER BY e.sequence LIMIT 1)
            ORDER BY d.due_at, d.sequence LIMIT greatest($3 - coalesce(a.away, 0), 0) FOR UPDATE SKIP LOCKED) AS d
        WHERE f.status = 'ACTIVE'),
    run AS MATERIALIZED (
        SELECT h.*, n.next, bool_and(n.next = h.sequence OR n.follows)
                                OVER (PARTITION BY h.subscription_id, h.key ORDER BY n.next) AS together
        FROM head AS h, LATERAL (
            SELECT d.sequence AS next, d.attempts = 0 AND d.due_at <= $1 AND d.lease_until <= $1 AS follows
            FROM webhooks.delivery AS d
            WHERE d.subscription_id = h.subscription_id AND d.key = h.key AND d.status = 'PENDING'
            ORDER BY d.sequence LIMIT $6) AS n)
    UPDATE webhooks.delivery AS d SET lease_until = $2 FROM run AS r
    WHERE r.together AND d.subscription_id = r.subscription_id AND d.sequence = r.next AND d.settled_at IS NULL
    RETURNING d.subscription_id, d.sequence, d.event_id, d.key, d.attempts, d.lease_until, d.body, r.url, r.secret,
              r.old_secret
"""
"""The oldest message of each key that is due and in nobody's hands, and those that wait for nothing but it."""
RECORD: Final = """
    WITH said AS (
        SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::text[], $5::int[], $6::timestamptz[],
                             $7::text[], $8::timestamptz[], $9::int[], $10::timestamptz[]) WITH ORDINALITY
            AS u (subscription_id, sequence, lease_until, status, attempts, due_at, reason, at, code, not_before,
                  place)),
    recorded AS (
        UPDATE webhooks.delivery AS d SET status = u.status, attempts = u.attempts, due_at = u.due_at,
               reason = u.reason, lease_until = '-infinity',
               settled_at = CASE WHEN u.status <> 'PENDING' THEN $11::timestamptz END
        FROM said AS u
        WHERE d.subscription_id = u.subscription_id AND d.sequence = u.sequence AND d.status = 'PENDING'
          AND d.lease_until = u.lease_until
        RETURNING u.*),
    logged AS (
        INSERT INTO webhooks.webhook_delivery_attempts (subscription_id, sequence, attempt, at, status_code, outcome)
        SELECT subscription_id, sequence, attempts, at, code, reason FROM recorded ORDER BY place),
    went AS (
        SELECT subscription_id AS id, bool_or(status = 'DELIVERED') AS taken, count(*) AS failures,
               max(not_before) AS not_before
        FROM recorded GROUP BY subscription_id),
    news AS MATERIALIZED (
        SELECT w.* FROM went AS w JOIN webhooks.webhook_subscriptions AS s ON s.id = w.id
        WHERE NOT w.taken OR s.failures > 0 OR s.open_until > '-infinity' ORDER BY s.id FOR NO KEY UPDATE OF s),
    health AS (
        UPDATE webhooks.webhook_subscriptions AS s
        SET failures = CASE WHEN u.taken THEN 0 ELSE s.failures + u.failures END,
            open_until = CASE WHEN u.taken THEN '-infinity'
                              WHEN s.failures + u.failures >= $13 THEN greatest(u.not_before, $12)
                              ELSE greatest(u.not_before, s.open_until) END
        FROM news AS u WHERE s.id = u.id)
    SELECT subscription_id, sequence FROM recorded
"""
"""What became of attempts, their log, and what it says about their partners."""
RELEASE: Final = """
    UPDATE webhooks.delivery AS d SET lease_until = '-infinity'
    FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[]) AS u (subscription_id, sequence, lease_until)
    WHERE d.subscription_id = u.subscription_id AND d.sequence = u.sequence AND d.lease_until = u.lease_until
"""
HURRY: Final = """
    UPDATE webhooks.delivery AS d SET due_at = $3
    FROM unnest($1::uuid[], $2::bigint[]) AS u (subscription_id, sequence)
    WHERE d.subscription_id = u.subscription_id AND d.sequence = u.sequence AND d.status = 'PENDING'
      AND d.due_at > $3 AND d.due_at <= $4
"""
"""Rows whose time has come are due now, although they would wait for the end of the queue's grace."""
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


class Message(NamedTuple):
    """A message in somebody's hands, as CLAIM returns it."""

    subscription_id: UUID
    sequence: int
    event_id: UUID
    key: str
    attempts: int
    lease_until: datetime
    body: str
    url: str
    secret: bytes
    old_secret: bytes | None


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


def leased_until(moment: datetime) -> datetime:
    """How long who takes a message at that moment has it for itself."""
    return moment + timedelta(seconds=LEASE_S)


async def claim(tx: Tx, away: Mapping[UUID, int]) -> list[list[Message]]:
    """What is due, now leased to the caller, who has so many runs `away`: the messages of each key, in order."""
    moment = clock.now()
    columns = list(away), list(away.values())
    return runs(await tx.all(CLAIM, moment, leased_until(moment), AT_ONCE, *columns, RUN))


def runs(rows: Iterable[Iterable[Any]]) -> list[list[Message]]:
    """The messages of each key, in order."""
    found: defaultdict[tuple[UUID, str], list[Message]] = defaultdict(list)
    for one in sorted((Message(*row) for row in rows), key=attrgetter("sequence")):
        found[one.subscription_id, one.key].append(one)
    return list(found.values())


async def record(tx: Tx, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Write down what became of attempts; those whose lease had gone to somebody else change nothing."""
    moment = clock.now()
    columns = [list(column) for column in zip(*(one[:10] for one in outcomes), strict=True)]
    until = moment + timedelta(seconds=CIRCUIT_S)
    held = {tuple(row) for row in await tx.all(RECORD, *columns, moment, until, CIRCUIT_AFTER)}
    return [one for one in outcomes if one[:2] in held]


async def release(tx: Tx, messages: Sequence[Message]) -> None:
    """Let go of claimed messages that nobody tried to send."""
    names = ("subscription_id", "sequence", "lease_until")
    await tx.run(RELEASE, *([getattr(one, name) for one in messages] for name in names))


async def hurry(tx: Tx, retries: Sequence[Retry], grace_s: float) -> int:
    """Have those tried now whose planned time has come; how many that were."""
    moment = clock.now()
    columns = [list(column) for column in zip(*retries, strict=True)]
    return await tx.run(HURRY, *columns, moment, moment + timedelta(seconds=grace_s))
