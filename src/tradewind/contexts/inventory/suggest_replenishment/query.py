"""What should be ordered again, how much of it, and why: so much was sold, so long does the supplier take."""

from typing import Any, Final

from msgspec import Struct

from tradewind.contexts.inventory._domain.stock import NoSuchStock
from tradewind.contexts.inventory._store import stock
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Invalid
from tradewind.kernel.pages import Keyset, Text
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler, query

PAGE: Final = 100
MAX_PAGE: Final = 500
WATCHED_DAYS: Final = 28
"""The rate at which a SKU sells is that of so many days, its last."""
LEAD_DAYS, COVER_DAYS, MAX_DAYS = 7, 28, 365
MAX_THRESHOLD: Final = 1_000_000
SKUS: Final = Keyset("replenishment", Text, "")
PUT: Final = """
    INSERT INTO inventory.replenishment (sku, lead_days, cover_days) VALUES ($1, $2, $3)
    ON CONFLICT (sku) DO UPDATE SET lead_days = excluded.lead_days, cover_days = excluded.cover_days
"""
SET_THRESHOLD: Final = "UPDATE inventory.inventory_stock SET low_threshold = $2 WHERE sku = $1"
SUGGEST: Final = """
    WITH shelf AS (
        SELECT sku, sum(on_hand - reserved)::int AS available, max(low_threshold) AS low
        FROM inventory.inventory_stock WHERE sku > $1 GROUP BY sku),
    sold AS (
        SELECT sku, sum(quantity)::int AS pieces FROM inventory.reservation
        WHERE state = 'CONFIRMED' AND expires_at > now() - make_interval(days => $3) GROUP BY sku),
    wanted AS (
        SELECT sku, pieces FROM inventory.demand WHERE day > (now() AT TIME ZONE 'UTC')::date - $3::int),
    ordered AS (
        SELECT sku, sum(pieces)::bigint AS pieces FROM (
            SELECT sku, pieces FROM wanted
            UNION ALL SELECT b.part, w.pieces * b.pieces
            FROM wanted AS w JOIN inventory.bundle_part AS b ON b.bundle = w.sku) AS each
        GROUP BY sku),
    coming AS (
        SELECT sku, sum(quantity)::int AS pieces FROM (
            SELECT l.sku, l.quantity
            FROM inventory.transfer_line AS l JOIN inventory.transfer AS t ON t.id = l.transfer_id
            WHERE t.status = 'IN_TRANSIT'
            UNION ALL SELECT l.sku, l.quantity - l.received
            FROM inventory.purchase_line AS l JOIN inventory.purchase AS p ON p.id = l.purchase_id
            WHERE p.status = 'OPEN') AS expected
        GROUP BY sku),
    waiting AS (
        SELECT sku, sum(quantity)::int AS pieces FROM inventory.backorder WHERE status = 'WAITING' GROUP BY sku),
    judged AS (
        SELECT s.sku, s.available, coalesce(d.pieces, 0) AS sold, coalesce(c.pieces, 0) AS coming,
               coalesce(o.pieces, 0) AS ordered,
               coalesce(w.pieces, 0) AS waiting, coalesce(r.lead_days, $4) AS lead_days,
               s.low + ceil(coalesce(d.pieces, 0) * coalesce(r.lead_days, $4) / $3::numeric)::int AS reorder_point,
               s.low + ceil(coalesce(d.pieces, 0) * (coalesce(r.lead_days, $4) + coalesce(r.cover_days, $5))
                            / $3::numeric)::int AS target
        FROM shelf AS s LEFT JOIN sold AS d USING (sku) LEFT JOIN coming AS c USING (sku)
        LEFT JOIN ordered AS o USING (sku)
        LEFT JOIN waiting AS w USING (sku) LEFT JOIN inventory.replenishment AS r USING (sku)
        WHERE NOT EXISTS (SELECT FROM inventory.bundle AS b WHERE b.sku = s.sku))
    SELECT *, target + waiting - available - coming AS quantity FROM judged
    WHERE available + coming - waiting <= reorder_point AND target + waiting > available + coming
    ORDER BY sku LIMIT $2
"""


class InvalidReplenishment(Invalid):
    """A threshold, or a number of days, that makes no sense."""


class SetReplenishment(Command, frozen=True):
    """When a SKU is low, how long its supplier takes, and for how long what is ordered shall last."""

    sku: str
    low_threshold: int
    lead_days: int = LEAD_DAYS
    cover_days: int = COVER_DAYS


class Replenishment(Struct, frozen=True, kw_only=True, rename="camel"):
    """What was said of a SKU."""

    sku: str
    low_threshold: int
    lead_days: int
    cover_days: int


class SuggestReplenishment(Command, frozen=True):
    """At most `limit` suggestions after `cursor`."""

    limit: int = PAGE
    cursor: str | None = None


class Suggestion(Struct, frozen=True, kw_only=True, rename="camel"):
    """Order `quantity`: `available` and what is `coming` do not last until a supplier has delivered.

    `sold` in the last 28 days, of those that were `ordered` in that time, whatever became of the orders; `waiting` are
    wanted by backorders.
    """

    sku: str
    quantity: int
    available: int
    coming: int
    waiting: int
    sold: int
    ordered: int
    lead_days: int
    reorder_point: int


class Suggestions(Struct, frozen=True, kw_only=True, rename="camel"):
    """Some suggestions, and where the next ones begin."""

    items: tuple[Suggestion, ...]
    next: str | None


@handler(action="inventory.replenish")
async def set_replenishment(command: SetReplenishment, tx: Tx) -> Replenishment:
    """It counts from now on; refuses InvalidReplenishment and NoSuchStock."""
    days = 0 <= command.lead_days <= MAX_DAYS and 1 <= command.cover_days <= MAX_DAYS
    if not days or not 0 <= command.low_threshold <= MAX_THRESHOLD:
        raise InvalidReplenishment(f"Expected up to {MAX_DAYS} days, and a threshold from 0 to {MAX_THRESHOLD}.")
    if not await stock.hold(tx, [command.sku]):
        raise NoSuchStock(f"There is no stock of {command.sku}.", sku=command.sku)
    await tx.run(SET_THRESHOLD, command.sku, command.low_threshold)
    await tx.run(PUT, command.sku, command.lead_days, command.cover_days)
    tx.audit("inventory.set_replenishment", command.sku, low_threshold=command.low_threshold)
    return Replenishment(
        sku=command.sku,
        low_threshold=command.low_threshold,
        lead_days=command.lead_days,
        cover_days=command.cover_days,
    )


@query(action="inventory.replenish")
async def suggest_replenishment(command: SuggestReplenishment, tx: Tx) -> Suggestions:
    """A page of them by SKU; refuses UnfitCursor."""
    limit = min(command.limit, MAX_PAGE)
    after = SKUS.after(command.cursor)
    rows: list[Any] = list(await tx.all(SUGGEST, after, limit + 1, WATCHED_DAYS, LEAD_DAYS, COVER_DAYS))
    shown, next_ = SKUS.page(rows, limit, lambda row: row["sku"])
    return Suggestions(items=tuple(map(_suggestion, shown)), next=next_)


def _suggestion(row: Any) -> Suggestion:
    return Suggestion(**{name: row[name] for name in Suggestion.__struct_fields__})
