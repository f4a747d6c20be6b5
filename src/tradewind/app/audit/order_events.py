"""Every order against its own events, in one pass: the row, the status history, the lines and the projection.

One row an order comes over a server cursor, so memory stays bounded however many orders there are.
"""

from collections.abc import Sequence
from typing import Any, Final

from tradewind.app.audit.fold import CLAIMED, EDITED, PLACED, TYPES, Facts, facts, fold
from tradewind.app.audit.report import Findings

PROJECTION: Final = "orders.orders_by_customer"
PREFETCH: Final = 500
ARGUMENTS: Final = (TYPES, PLACED, PROJECTION, CLAIMED, EDITED)
ORDERS_AND_EVENTS: Final = """
    WITH heard AS (SELECT coalesce(max(stamp), 0) AS stamp, coalesce(max(position), 0) AS position
                   FROM runtime.position WHERE subscriber = $3),
    told AS (
        SELECT e.key COLLATE "C" AS key, array_agg(e.type ORDER BY e.stamp, e.position)
                   FILTER (WHERE e.type <> $4) AS types,
               count(*) FILTER (WHERE e.type <> $4 AND was_heard) AS heard,
               (array_agg(e.payload::text ORDER BY e.stamp, e.position) FILTER (WHERE e.type = $2))[1] AS placed,
               array_agg(e.payload::text ORDER BY e.stamp, e.position) FILTER (WHERE e.type = $5) AS edits,
               array_agg(e.payload::text ORDER BY e.stamp, e.position)
                   FILTER (WHERE e.type = $5 AND was_heard) AS edits_heard,
               (array_agg(e.payload->>'userId' ORDER BY e.stamp DESC, e.position DESC)
                   FILTER (WHERE e.type = $4))[1] AS owner,
               (array_agg(e.payload->>'userId' ORDER BY e.stamp DESC, e.position DESC)
                   FILTER (WHERE e.type = $4 AND was_heard))[1] AS owner_heard
        FROM heard, LATERAL (SELECT *, (stamp, position) <= (heard.stamp, heard.position) AS was_heard
                             FROM runtime.outbox
                             WHERE (type = ANY($1::text[]) OR type = $4)
                               AND key NOT IN (SELECT id::text FROM inventory.claim)
                               AND key NOT IN (SELECT id::text FROM orders.edit)) AS e
        GROUP BY 1),
    history AS (
        SELECT order_id::text COLLATE "C" AS key, array_agg(version ORDER BY version) AS versions,
               array_agg(status ORDER BY version) AS statuses, array_agg(event ORDER BY version) AS events
        FROM orders.order_status_history GROUP BY order_id),
    line AS (
        SELECT order_id::text COLLATE "C" AS key, array_agg(sku ORDER BY line) AS skus,
               array_agg(quantity ORDER BY line) AS quantities, array_agg(unit_price_minor ORDER BY line) AS prices
        FROM orders.order_items GROUP BY order_id),
    kept AS (SELECT id::text COLLATE "C" AS key, * FROM orders.orders),
    shown AS (SELECT order_id::text COLLATE "C" AS key, * FROM orders.orders_by_customer)
    SELECT key, told.types, told.heard, told.placed, told.edits, told.edits_heard, told.owner, told.owner_heard,
           history.versions, history.statuses, history.events,
           line.skus, line.quantities, line.prices, kept.status, kept.version, kept.user_id, kept.placed_at,
           kept.currency, kept.total_minor, kept.shipping_minor, kept.tax_minor, kept.discount_minor,
           shown.order_id AS shown, shown.status AS shown_status, shown.user_id AS shown_user_id,
           shown.placed_at AS shown_placed_at, shown.currency AS shown_currency, shown.total_minor AS shown_total_minor
    FROM told FULL JOIN kept USING (key) FULL JOIN history USING (key) FULL JOIN line USING (key)
         FULL JOIN shown USING (key)
"""


async def order_events(connection: Any) -> list[Findings]:
    """Compare all orders with their events, inside the snapshot of `connection`'s transaction."""
    rows = Findings("events fold to the row", "compare this key's events in runtime.outbox with orders.orders and "
                    "orders.order_items, and find who wrote one without the other")  # fmt: skip
    history = Findings("status history", "compare orders.order_status_history with this key's events in runtime.outbox")
    shown = Findings(f"projection {PROJECTION}", f"empty {PROJECTION}, set its subscriber's runtime.position to 0, and "
                     "let it be replayed")  # fmt: skip
    async for row in connection.cursor(ORDERS_AND_EVENTS, *ARGUMENTS, prefetch=PREFETCH):
        _judge(row, rows, history, shown)
    return [rows, history, shown]


def _judge(row: Any, rows: Findings, history: Findings, shown: Findings) -> None:
    types, heard = row["types"] or [], row["heard"] or 0
    told: Facts | None = None
    heard_of: Facts | None = None
    unreadable = None
    if row["placed"] is not None:
        try:
            told = facts(row["placed"], row["edits"] or ())
            heard_of = facts(row["placed"], row["edits_heard"] or ())
        except ValueError as reason:
            unreadable = f"its {PLACED} cannot be read, or what changed it: {reason}"
    for findings, wrong in (
        (rows, unreadable or _row(row, types, told)),
        (history, _history(row, types)),
        (shown, _shown(row, types[:heard], heard_of)),
    ):
        findings.checked += 1
        if wrong:
            findings.violation(f"order {row['key']}: {wrong}")
    shown.in_flight += heard < len(types) or row["owner_heard"] != row["owner"]


def _row(row: Any, types: Sequence[str], told: Facts | None) -> str | None:
    """What the row says that its events do not."""
    if row["version"] is None:
        return f"{len(types)} events tell of it, but there is no row" if types else None
    if told is None:
        return "no event tells that it was placed"
    folded = fold(types)
    if folded.broken:
        return folded.broken
    differences = _differences(
        ("status", row["status"], folded.status),
        ("version", row["version"], len(types)),
        ("user", row["user_id"], row["owner"] or told.user_id),
        ("placed_at", row["placed_at"], told.placed_at),
        ("currency", row["currency"], told.currency),
        ("total", row["total_minor"], told.total),
        ("shipping", row["shipping_minor"], told.shipping),
        ("tax", row["tax_minor"], told.tax),
        ("discount", row["discount_minor"], told.discount),
    )
    lines = tuple(zip(row["skus"] or (), row["quantities"] or (), row["prices"] or (), strict=True))
    if lines != told.lines:
        differences.append(f"{len(lines)} lines that are not the {len(told.lines)} of its events")
    return ", ".join(differences) or None


def _history(row: Any, types: Sequence[str]) -> str | None:
    """Where the history differs from the events: one line an event, numbered from 1."""
    if row["versions"] is None:
        return "it has no status history" if row["version"] is not None else None
    if row["version"] is None:
        return "it has a status history, but no row"
    if list(row["versions"]) != list(range(1, len(types) + 1)):
        return f"the history's versions are {list(row['versions'])}, the events are {len(types)}"
    if list(row["events"]) != list(types):
        return f"the history names the events {list(row['events'])}, the log {list(types)}"
    statuses = fold(types).statuses
    if list(row["statuses"]) != statuses:
        return f"the history says {list(row['statuses'])}, the events lead to {statuses}"
    return None


def _shown(row: Any, types: Sequence[str], told: Facts | None) -> str | None:
    """Where the projection differs from what the events make that it has heard."""
    if row["shown"] is None:
        return f"it heard {len(types)} events of it, but does not show it" if types else None
    if told is None or not types:
        return "it is shown, but no event that was heard tells of it"
    folded = fold(types)
    if folded.broken:
        return None  # the check of the rows tells
    return ", ".join(_differences(
        ("status", row["shown_status"], folded.status),
        ("user", row["shown_user_id"], row["owner_heard"] or told.user_id),
        ("placed_at", row["shown_placed_at"], told.placed_at),
        ("currency", row["shown_currency"], told.currency),
        ("total", row["shown_total_minor"], told.total),
    )) or None  # fmt: skip


def _differences(*compared: tuple[str, Any, Any]) -> list[str]:
    return [f"{name} is {ours}, the events say {theirs}" for name, ours, theirs in compared if ours != theirs]
