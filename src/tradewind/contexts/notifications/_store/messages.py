"""The SQL of notifications.message and of what decides whether one goes out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from tradewind.contexts.notifications._domain.messages import Channel, Kind, Occasion, message_id
from tradewind.runtime.database import Tx

OWE: Final = """
    INSERT INTO notifications.message (id, kind, subject, channel, user_id, order_id, facts)
    SELECT id, kind, subject, channel, user_id, order_id, facts FROM unnest($1::notifications.new_message[])
    ON CONFLICT ON CONSTRAINT once_an_event_and_channel DO NOTHING
"""
DEVICES: Final = "SELECT user_id, token FROM notifications.device WHERE user_id = ANY($1::text[])"
REFUNDS_NOTED: Final = """
    SELECT split_part(subject, '/', 1)::uuid AS payment_id, max(split_part(subject, '/', 2)::int) AS number
    FROM notifications.message
    WHERE kind = 'order_refunded' AND split_part(subject, '/', 1) = ANY($1::text[]) GROUP BY 1
"""
PACE: Final = """
    INSERT INTO notifications.pace AS p (channel, left_) VALUES ($1, $2)
    ON CONFLICT (channel) DO UPDATE SET at = now(),
        left_ = least($2, p.left_ + extract(epoch FROM now() - p.at)::float8 * $2 / 60.0)
    RETURNING left_
"""
SPEND: Final = "UPDATE notifications.pace SET left_ = left_ - $2 WHERE channel = $1"
IS_DUE: Final = """
    SELECT EXISTS (SELECT FROM notifications.message
                   WHERE channel = $1 AND status = 'OWED' AND due_at <= now() AND lease_until <= now())
"""
CLAIM: Final = """
    UPDATE notifications.message AS m
    SET fence = m.fence + 1, lease_until = now() + make_interval(secs => $3)
    FROM (SELECT id FROM notifications.message
          WHERE channel = $1 AND status = 'OWED' AND due_at <= now() AND lease_until <= now()
          ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED) AS due
    WHERE m.id = due.id
    RETURNING m.id, m.kind, m.channel, m.user_id, m.order_id, m.facts::text AS facts, m.owed_at, m.attempt, m.fence
"""
POSTPONE: Final = """
    UPDATE notifications.message AS m SET due_at = p.due_at, lease_until = '-infinity', attempt = p.attempt,
        log = m.log || jsonb_build_object('at', now(), 'status', m.status, 'why', p.why)
    FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::int[], $5::text[])
        AS p (id, fence, due_at, attempt, why)
    WHERE m.id = p.id AND m.fence = p.fence AND m.status = 'OWED'
"""
SETTLE: Final = """
    UPDATE notifications.message AS m
    SET status = s.status, why = s.why, sent_to = s.sent_to, settled_at = now(), lease_until = '-infinity',
        log = m.log || jsonb_build_object('at', now(), 'status', s.status, 'why', s.why)
    FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[]) AS s (id, fence, status, why, sent_to)
    WHERE m.id = s.id AND m.fence = s.fence AND m.status = 'OWED'
"""
BOUNCED: Final = "SELECT address FROM notifications.bounced WHERE address = ANY($1::text[])"
PRESENT: Final = "SELECT id FROM notifications.message WHERE id = ANY($1::uuid[])"
STOP: Final = "INSERT INTO notifications.bounced (address) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING"


class Claimed(Struct, frozen=True, kw_only=True):
    """A message that is due, in this worker's hands until its lease ends. What an older `fence` writes is nothing."""

    id: UUID
    kind: Kind
    channel: Channel
    user_id: str
    order_id: UUID | None
    facts: Mapping[str, str]
    owed_at: datetime
    attempt: int
    fence: int


async def owe(tx: Tx, owed: Sequence[tuple[Occasion, Channel]]) -> None:
    """Note what is owed; what was noted before stays as it was."""
    rows = [
        (
            message_id(one.kind, one.subject, channel),
            one.kind.value,
            one.subject,
            channel.value,
            one.user_id,
            one.order_id,
            msgspec.json.encode(one.facts).decode(),
        )
        for one, channel in owed
    ]
    await tx.run(OWE, rows)


async def devices(tx: Tx, user_ids: Sequence[str]) -> Mapping[str, str]:
    """The device of each who has one."""
    return {row["user_id"]: row["token"] for row in await tx.all(DEVICES, list(user_ids))}


async def refunds_noted(tx: Tx, payment_ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """How many refunds of each payment were written about."""
    rows = await tx.all(REFUNDS_NOTED, [str(one) for one in payment_ids])
    return {row["payment_id"]: row["number"] for row in rows}


async def claim(tx: Tx, channel: Channel, at_once: int, lease_s: float) -> Sequence[Claimed]:
    """Take what is due; others leave it alone until the lease ends."""
    rows = await tx.all(CLAIM, channel.value, at_once, lease_s)
    return [msgspec.convert({**row, "facts": msgspec.json.decode(row["facts"])}, Claimed) for row in rows]


async def is_due(tx: Tx, channel: Channel) -> bool:
    """Whether anything is to go out on the channel: a shop at rest writes nothing."""
    return bool(await tx.value(IS_DUE, channel.value))


async def allowance(tx: Tx, channel: Channel, per_minute: float) -> int:
    """How many may go out on the channel now; nobody else takes of it until this transaction ends."""
    left: float = await tx.value(PACE, channel.value, per_minute)
    return int(left)


async def spend(tx: Tx, channel: Channel, count: int) -> None:
    """So many go out."""
    await tx.run(SPEND, channel.value, float(count))


async def postpone(tx: Tx, until: Sequence[tuple[Claimed, datetime, int, str | None]]) -> None:
    """Let go of messages until a moment, after so many attempts, and why."""
    columns: list[list[Any]] = [[one.id for one, *_ in until], [one.fence for one, *_ in until]]
    columns += [list(column) for column in zip(*(rest for _, *rest in until), strict=True)]
    await tx.run(POSTPONE, *columns)


async def settle(tx: Tx, settled: Sequence[tuple[Claimed, str, str | None, str | None]]) -> None:
    """Write how messages ended: status, why, and the pseudonym of the address that they were sent to."""
    columns: list[list[Any]] = [[one.id for one, *_ in settled], [one.fence for one, *_ in settled]]
    columns += [list(column) for column in zip(*(rest for _, *rest in settled), strict=True)]
    await tx.run(SETTLE, *columns)


async def bounced(tx: Tx, addresses: Sequence[str]) -> frozenset[str]:
    """Those pseudonyms of addresses at which nobody is reached."""
    return frozenset(row["address"] for row in await tx.all(BOUNCED, list(addresses)))


async def stop(tx: Tx, addresses: Sequence[str]) -> None:
    """Nothing is sent to these any more."""
    await tx.run(STOP, list(addresses))


async def present(tx: Tx, ids: Sequence[UUID]) -> frozenset[UUID]:
    """Those that are still there: nobody erased whom they are about."""
    return frozenset(row["id"] for row in await tx.all(PRESENT, list(ids)))
