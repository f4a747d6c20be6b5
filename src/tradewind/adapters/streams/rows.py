"""The rows of revenue: read by who wants to know, written by whoever keeps the sums."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

MIGRATIONS: Final = Path(__file__).parent / "migrations"
MOST: Final = 1_000
"""Windows that one question is answered with."""
ADD: Final = """
    INSERT INTO streams.revenue AS r (size, since, currency, captured_minor, refunded_minor, events)
    SELECT g.size, g.since, g.currency, sum(g.captured)::bigint, sum(g.refunded)::bigint, count(*)
    FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::bigint[], $5::bigint[])
        AS g (size, since, currency, captured, refunded)
    GROUP BY g.size, g.since, g.currency
    ON CONFLICT (size, since, currency) DO UPDATE SET captured_minor = r.captured_minor + excluded.captured_minor,
        refunded_minor = r.refunded_minor + excluded.refunded_minor, events = r.events + excluded.events
"""
EMPTY: Final = "DELETE FROM streams.revenue"
SET: Final = """
    WITH handed_over AS (DELETE FROM runtime.position WHERE subscriber = '(revenue)')
    INSERT INTO streams.revenue AS r (size, since, currency, captured_minor, refunded_minor, events)
    SELECT DISTINCT ON (size, since, currency) *
    FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[])
        AS s (size, since, currency, captured_minor, refunded_minor, events)
    ORDER BY size, since, currency, events DESC
    ON CONFLICT (size, since, currency) DO UPDATE SET captured_minor = excluded.captured_minor,
        refunded_minor = excluded.refunded_minor, events = excluded.events
    WHERE r.events < excluded.events
"""
"""From now on the place that the log had in these sums says nothing: where it keeps them again, it begins anew."""
READ: Final = """
    SELECT size, since, currency, captured_minor, refunded_minor, events FROM streams.revenue
    WHERE size = $1 ORDER BY since DESC, currency LIMIT $2
"""


class Window(Struct, frozen=True, kw_only=True, rename="camel"):
    """Revenue of one minute or day (UTC), in minor units of its currency; `events` made it."""

    size: str
    since: datetime
    currency: str
    captured_minor: int
    refunded_minor: int
    events: int


async def revenue(connection: Any, size: str, limit: int = MOST) -> Sequence[Window]:
    """The newest windows of one size."""
    return [Window(**dict(row)) for row in await connection.fetch(READ, size, min(limit, MOST))]
