"""Orders that are found in the projection behind `orders.order_summary`, and what it says of those that changed."""

from collections.abc import Sequence
from typing import Any, Final, LiteralString
from uuid import UUID

from tradewind.contracts.messages import Command
from tradewind.kernel.ids import MAX_ID
from tradewind.kernel.pages import LAST_MOMENT
from tradewind.ports.order_search import Found, Question, Row, Summary
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

MAX_COUNTED: Final = 50_000
"""Orders that are counted at most, the newest: some hundredths of a second."""
_MATCHING: Final[LiteralString] = """
    (s.placed_at, s.order_id) < ($1, $2)
    AND ($3::uuid IS NULL OR s.order_id BETWEEN $3 AND $4::uuid)
    AND ($5::text[] IS NULL OR s.user_id = ANY($5) OR s.order_id = ANY($6::uuid[]))
    AND ($7::text[] IS NULL OR s.status = ANY($7))
    AND ($8::text IS NULL OR s.currency = $8)
    AND ($9::bigint IS NULL OR s.total_minor >= $9) AND ($10::bigint IS NULL OR s.total_minor <= $10)
    AND ($11::timestamptz IS NULL OR s.placed_at >= $11) AND ($12::timestamptz IS NULL OR s.placed_at < $12)
"""
"""Planned anew each time: what is not asked for is then no part of the plan."""
_SOLD: Final[LiteralString] = "AND s.order_id IN (SELECT order_id FROM orders.order_items WHERE sku = ANY($14::text[]))"
_NEWEST: Final[LiteralString] = "ORDER BY s.placed_at DESC, s.order_id DESC LIMIT $13"
_SHOWN: Final[LiteralString] = "s.* FROM orders.order_summary AS s"
_COUNTED: Final[LiteralString] = "s.status FROM orders.order_summary AS s"
FIND: Final[LiteralString] = f"SELECT {_SHOWN} WHERE {_MATCHING} {_NEWEST}"
FIND_SOLD: Final[LiteralString] = f"SELECT {_SHOWN} WHERE {_MATCHING} {_SOLD} {_NEWEST}"
COUNT: Final[LiteralString] = f"""
    SELECT status, count(*) FROM (SELECT {_COUNTED} WHERE {_MATCHING} {_NEWEST}) AS those GROUP BY status
"""  # noqa: S608 -- the pieces are constants
COUNT_SOLD: Final[LiteralString] = f"""
    SELECT status, count(*) FROM (SELECT {_COUNTED} WHERE {_MATCHING} {_SOLD} {_NEWEST}) AS those GROUP BY status
"""  # noqa: S608 -- the pieces are constants
PLAN_ANEW: Final = "SELECT set_config('plan_cache_mode', 'force_custom_plan', true)"
_ROW: Final[LiteralString] = """
    c.stamp, c.order_id, c.user_id, c.placed_at, c.status, c.total_minor, c.currency,
    ARRAY(SELECT DISTINCT sku FROM orders.order_items AS i WHERE i.order_id = c.order_id ORDER BY sku) AS skus
    FROM orders.orders_by_customer AS c
"""
CHANGED: Final[LiteralString] = f"""
    SELECT {_ROW} WHERE (c.stamp, c.order_id) > ($1, $2) AND c.stamp < $3 ORDER BY c.stamp, c.order_id LIMIT $4
"""
"""Many may share a stamp: whoever is told less than there are has not all of the last one."""
ALL_AFTER: Final[LiteralString] = f"SELECT {_ROW} WHERE c.order_id > $1 ORDER BY c.order_id LIMIT $2"


class LookUpFound(Command, frozen=True):
    """See what is found in the rows."""

    question: Question


@query(action="orders.search", at_once=True)
async def look_up_found(command: LookUpFound, tx: Tx) -> Found:
    """Staff only. Page and counts are of one moment."""
    asked = command.question
    await tx.value(PLAN_ANEW)
    goods = () if asked.skus is None else (list(asked.skus),)
    find, count = (FIND, COUNT) if asked.skus is None else (FIND_SOLD, COUNT_SOLD)
    found = await tx.all(find, *_arguments(asked), *goods)
    everywhere = (LAST_MOMENT, MAX_ID, *_arguments(asked)[2:6], None, *_arguments(asked)[7:12], MAX_COUNTED)
    counts = {row["status"]: row["count"] for row in await tx.all(count, *everywhere, *goods)}
    return Found([Summary(*row) for row in found], counts, counted_all=sum(counts.values()) < MAX_COUNTED)


async def changed(tx: Tx, after: tuple[int, UUID], below: int, many: int) -> Sequence[Row]:
    """At most so many of those that have changed, behind a stamp and an order of it, in this sequence."""
    return [_row(row) for row in await tx.all(CHANGED, *after, below, many)]


async def all_after(tx: Tx, order_id: UUID, many: int) -> Sequence[Row]:
    """At most so many of all orders behind one, by id."""
    return [_row(row) for row in await tx.all(ALL_AFTER, order_id, many)]


def _arguments(asked: Question) -> tuple[Any, ...]:
    ids, buyers = asked.ids or (None, None), asked.buyers
    who = (None, None) if buyers is None else (list(buyers.user_ids), list(buyers.order_ids))
    statuses = list(asked.statuses) or None
    return (*asked.before, *ids, *who, statuses, asked.currency, asked.least_minor, asked.most_minor, asked.since,
            asked.until, asked.many)  # fmt: skip


def _row(row: Any) -> Row:
    stamp, *summary, skus = row
    return Row(stamp, Summary(*summary), tuple(skus))
