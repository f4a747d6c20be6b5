"""The SQL of reservations. Whoever changes them holds the reservations first (by order, SKU), then stock (by SKU)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from tradewind.contexts.inventory._domain.reservation import LIFECYCLE, Line, State, movements
from tradewind.contexts.inventory._store import stock
from tradewind.contracts.inventory import Wanted
from tradewind.runtime.database import Tx

LOCK_STOCK: Final = """
    SELECT sku, product_id, on_hand, reserved, low_threshold, now() + make_interval(secs => $2) AS expires_at
    FROM inventory.inventory_stock WHERE sku = ANY($1::text[]) ORDER BY sku FOR NO KEY UPDATE
"""
LOCK_STOCK_FOR_ONE: Final = """
    WITH stock AS MATERIALIZED (
        SELECT sku, product_id, on_hand, reserved, low_threshold
        FROM inventory.inventory_stock WHERE sku = ANY($1::text[]) ORDER BY sku FOR NO KEY UPDATE)
    SELECT s.*, r.state, coalesce(r.expires_at, now() + make_interval(secs => $2)) AS expires_at
    FROM stock AS s LEFT JOIN inventory.reservation AS r ON r.order_id = $3 AND r.sku = s.sku
"""
READ_STOCK: Final = """
    SELECT sku, product_id, on_hand, reserved, low_threshold, now() + make_interval(secs => $2) AS expires_at
    FROM inventory.inventory_stock WHERE sku = ANY($1::text[])
"""
ADD: Final = """
    INSERT INTO inventory.reservation (order_id, sku, quantity, expires_at)
    SELECT u.*, $2::timestamptz FROM unnest($1::inventory.new_reservation[]) AS u
"""
LOCK_ORDERS: Final = """
    WITH lines AS MATERIALIZED (
        SELECT order_id, sku, quantity, state, expires_at FROM inventory.reservation
        WHERE order_id = ANY($1::uuid[]) ORDER BY order_id, sku FOR NO KEY UPDATE),
    stock AS MATERIALIZED (
        SELECT sku FROM inventory.inventory_stock
        WHERE sku = ANY(ARRAY(SELECT sku FROM lines WHERE state = ANY($2::text[]))) ORDER BY sku FOR NO KEY UPDATE)
    SELECT lines.*, (SELECT count(*) FROM stock) AS locked FROM lines
"""
MARK: Final = """
    UPDATE inventory.reservation SET state = $2 WHERE order_id = ANY($1::uuid[]) AND state = ANY($3::text[])
"""
DUE: Final = """
    SELECT r.order_id FROM inventory.reservation AS r
    WHERE r.state = 'HELD' AND (r.order_id, r.sku) IN (
        SELECT d.order_id, min(d.sku) FROM inventory.reservation AS d
        WHERE d.state = 'HELD' AND d.expires_at <= now()
        GROUP BY d.order_id ORDER BY min(d.expires_at) LIMIT $1)
    FOR NO KEY UPDATE OF r SKIP LOCKED
"""


async def lock_stock(tx: Tx, wanted: Sequence[Wanted], ttl_s: int, *, locking: bool = True) -> Sequence[Any]:
    """The stock of every SKU that is wanted, held in SKU order, with the moment at which a new reservation ends.

    For one order alone the answer also says in which state its own reservation of each SKU is, if it has any.
    """
    skus = sorted({sku for order in wanted for sku in order.quantities})
    if not locking:
        return await tx.all(READ_STOCK, skus, float(ttl_s))
    if len(wanted) == 1:
        return await tx.all(LOCK_STOCK_FOR_ONE, skus, float(ttl_s), wanted[0].order_id)
    return await tx.all(LOCK_STOCK, skus, float(ttl_s))


def add(tx: Tx, served: Sequence[Wanted], expires_at: datetime) -> None:
    """Write the reservations of these orders; the commit refuses (AlreadyExists) where an order has some."""
    lines = [(order.order_id, sku, quantity) for order in served for sku, quantity in order.quantities.items()]
    tx.later(ADD, lines, expires_at)


async def hold(tx: Tx, order_ids: Sequence[UUID], by: type) -> list[Line]:
    """Every line of these orders, held; and the stock of those that an arrow named `by` leads on, in SKU order."""
    sources = [state.value for state in LIFECYCLE.sources(by)]
    rows = await tx.all(LOCK_ORDERS, order_ids, sources)
    return [Line(row["order_id"], row["sku"], row["quantity"], State(row["state"]), row["expires_at"]) for row in rows]


def lead_on(tx: Tx, lines: Sequence[Line], by: type) -> None:
    """Let held lines follow the arrow, and the stock with them."""
    stock.move(tx, movements(lines, by))
    for target, order_ids in _by_target(lines, by):
        tx.later(MARK, order_ids, target.value, [state.value for state in LIFECYCLE.sources(by)])


def _by_target(lines: Iterable[Line], by: type) -> list[tuple[State, list[UUID]]]:
    found: dict[State, dict[UUID, None]] = {}
    for line in lines:
        found.setdefault(LIFECYCLE.follow(line.state, by), {})[line.order_id] = None
    return [(state, list(order_ids)) for state, order_ids in found.items()]


async def due(tx: Tx, limit: int) -> list[UUID]:
    """At most `limit` orders whose held goods nobody confirmed in time, by the database's clock.

    An order's first line is its gate: it is locked before the others by everybody, so an order is taken whole.
    """
    return [row["order_id"] for row in await tx.all(DUE, limit)]
