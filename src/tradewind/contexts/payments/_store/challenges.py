"""The SQL of payments.challenge: what buyers were asked to do, and whether something may have come of it."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from tradewind.runtime.database import Tx

KEEP: Final = """
    INSERT INTO payments.challenge AS c (order_id, key, url, until)
    SELECT a, b, u, now() + $4 * interval '1 second' FROM unnest($1::uuid[], $2::text[], $3::text[]) AS t (a, b, u)
    ON CONFLICT (order_id) DO UPDATE
    SET url = excluded.url, key = excluded.key,
        until = CASE WHEN c.key = excluded.key THEN c.until ELSE excluded.until END
    RETURNING order_id, extract(epoch FROM until - now())::float8 AS left_s, hints > seen AS hinted
"""
SEE: Final = "UPDATE payments.challenge SET seen = hints WHERE order_id = ANY($1::uuid[])"
HINT: Final = "UPDATE payments.challenge SET hints = hints + 1 WHERE order_id = ANY($1::uuid[])"
OPEN: Final = """
    SELECT c.order_id, c.url FROM payments.challenge AS c JOIN payments.payments AS p USING (order_id)
    WHERE c.order_id = ANY($1::uuid[]) AND p.status = 'REQUIRES_ACTION'
"""
KEY: Final = """
    SELECT c.key FROM payments.challenge AS c JOIN payments.payments AS p USING (order_id)
    WHERE c.order_id = $1 AND p.status = 'REQUIRES_ACTION'
"""


class Asked(NamedTuple):
    """A buyer who must prove themselves at `url` before the authorization with `key` is given."""

    order_id: UUID
    key: str
    url: str


class Standing(NamedTuple):
    """How long the buyer still has, and whether somebody hinted since the provider was asked."""

    left_s: float
    hinted: bool


async def keep(tx: Tx, asked: Sequence[Asked], patience_s: float) -> Mapping[UUID, Standing]:
    """Note where buyers must go; who was asked before keeps their time."""
    rows = await tx.all(KEEP, [a.order_id for a in asked], [a.key for a in asked], [a.url for a in asked], patience_s)
    return {row["order_id"]: Standing(row["left_s"], row["hinted"]) for row in rows}


async def see(tx: Tx, order_ids: Sequence[UUID]) -> None:
    """The provider is asked after all hints that there are by now."""
    await tx.run(SEE, list(order_ids))


async def hint(tx: Tx, order_ids: Sequence[UUID]) -> None:
    """Something may have come of it."""
    await tx.run(HINT, list(order_ids))


async def key_of(tx: Tx, order_id: UUID) -> str | None:
    """The authorization for which the buyer of this order must prove themselves."""
    key: str | None = await tx.value(KEY, order_id)
    return key


async def urls(tx: Tx, order_ids: Sequence[UUID]) -> Mapping[UUID, str]:
    """Where the buyers of those orders must go that wait for them."""
    return {row["order_id"]: row["url"] for row in await tx.all(OPEN, list(order_ids))}
