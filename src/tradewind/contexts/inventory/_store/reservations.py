"""The SQL of reservations. Whoever changes them holds them first (by order, line), then stock (by SKU, place)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from tradewind.contexts.inventory._domain.allocation import Pick
from tradewind.contexts.inventory._domain.reservation import LIFECYCLE, Levels, Line, State, moved, movements
from tradewind.contexts.inventory._store import stock
from tradewind.contracts.inventory import Level, Wanted
from tradewind.runtime.database import Tx

LOCK_STOCK: Final = """
    WITH parts AS MATERIALIZED (
        SELECT bundle, part, pieces FROM inventory.bundle_part WHERE bundle = ANY($1::text[])),
    stock AS MATERIALIZED (
        SELECT sku, warehouse, product_id, on_hand, reserved, low_threshold, waiting,
               coalesce(releases_at > now(), false) AS unreleased, version, places
        FROM inventory.inventory_stock
        WHERE sku = ANY($1::text[] || ARRAY(SELECT part FROM parts)) ORDER BY sku, warehouse FOR NO KEY UPDATE)
    SELECT s.*, now() AS at, NULL AS bundle FROM stock AS s
    UNION ALL SELECT part, NULL, NULL, pieces, NULL, NULL, NULL, NULL, NULL, NULL, NULL, bundle FROM parts
"""
LOCK_STOCK_FOR_ONE: Final = """
    WITH parts AS MATERIALIZED (
        SELECT bundle, part, pieces FROM inventory.bundle_part WHERE bundle = ANY($1::text[])),
    stock AS MATERIALIZED (
        SELECT sku, warehouse, product_id, on_hand, reserved, low_threshold, waiting,
               coalesce(releases_at > now(), false) AS unreleased, version, places
        FROM inventory.inventory_stock
        WHERE sku = ANY($1::text[] || ARRAY(SELECT part FROM parts)) ORDER BY sku, warehouse FOR NO KEY UPDATE)
    SELECT s.*, now() AS at, NULL AS bundle, r.state
    FROM stock AS s LEFT JOIN inventory.reservation AS r ON r.order_id = $2 AND r.line = 0
    UNION ALL SELECT part, NULL, NULL, pieces, NULL, NULL, NULL, NULL, NULL, NULL, NULL, bundle, NULL FROM parts
"""
READ_STOCK: Final = """
    WITH parts AS MATERIALIZED (
        SELECT bundle, part, pieces FROM inventory.bundle_part WHERE bundle = ANY($1::text[]))
    SELECT s.sku, s.warehouse, s.product_id, s.on_hand, s.reserved, s.low_threshold, s.waiting,
           coalesce(s.releases_at > now(), false) AS unreleased, s.version, s.places,
           now() AS at, NULL AS bundle
    FROM inventory.inventory_stock AS s WHERE s.sku = ANY($1::text[] || ARRAY(SELECT part FROM parts))
    UNION ALL SELECT part, NULL, NULL, pieces, NULL, NULL, NULL, NULL, NULL, NULL, NULL, bundle FROM parts
"""
ADD: Final = """
    INSERT INTO inventory.reservation (order_id, sku, quantity, line, warehouse, bundle, per, expires_at)
    SELECT u.*, $2::timestamptz FROM unnest($1::inventory.new_reservation[]) AS u
"""
LOCK_ORDERS: Final = """
    WITH lines AS MATERIALIZED (
        SELECT order_id, line, sku, quantity, state, expires_at, warehouse, bundle FROM inventory.reservation
        WHERE order_id = ANY($1::uuid[]) ORDER BY order_id, line FOR NO KEY UPDATE),
    stock AS MATERIALIZED (
        SELECT sku, on_hand, reserved, version, places FROM inventory.inventory_stock
        WHERE sku = ANY(ARRAY(SELECT sku FROM lines WHERE state = ANY($2::text[])))
        ORDER BY sku, warehouse FOR NO KEY UPDATE),
    sums AS (
        SELECT sku, max(version) AS version, sum(on_hand) AS on_hand, sum(reserved) AS reserved,
               count(*) < max(places) AS missed
        FROM stock GROUP BY sku)
    SELECT lines.*, s.version, s.on_hand, s.reserved, s.missed FROM lines LEFT JOIN sums AS s ON s.sku = lines.sku
    ORDER BY order_id, line
"""
MARK: Final = """
    UPDATE inventory.reservation SET state = $2 WHERE order_id = ANY($1::uuid[]) AND state = ANY($3::text[])
"""
DUE: Final = """
    SELECT order_id FROM inventory.reservation WHERE state = 'HELD' AND line = 0 AND expires_at <= now()
    ORDER BY expires_at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED
"""
OF_ORDER: Final = """
    SELECT order_id, sku, quantity, state, expires_at, warehouse, bundle FROM inventory.reservation
    WHERE order_id = $1 ORDER BY line
"""
SHIPPED_FROM: Final = """
    SELECT DISTINCT ON (bought) bought, warehouse
    FROM (SELECT coalesce(bundle, sku) AS bought, warehouse, sum(quantity) AS pieces FROM inventory.reservation
          WHERE order_id = $1 AND state = 'CONFIRMED' GROUP BY 1, 2) AS gone
    ORDER BY bought, pieces DESC, warehouse
"""


async def lock_stock(tx: Tx, wanted: Sequence[Wanted], *, locking: bool = True) -> Sequence[Any]:
    """The stock of all that is wanted and of its parts, held in its order, with the moment `at` which it is held.

    Asked again where a place was opened meanwhile: what is told of a SKU counts all of its places.
    A row that names a bundle is none of stock: it says how many (`on_hand`) of a SKU are in one of it.

    For one order alone the answer also says in which state its own reservation is, if it has one.
    """
    skus = sorted({sku for order in wanted for sku in order.quantities})
    if not locking:
        return await tx.all(READ_STOCK, skus)
    asked = (LOCK_STOCK_FOR_ONE, skus, wanted[0].order_id) if len(wanted) == 1 else (LOCK_STOCK, skus)
    rows = await tx.all(*asked)
    return await tx.all(*asked) if stock.missed(rows) else rows


def add(tx: Tx, served: Iterable[tuple[UUID, Sequence[Pick]]], ends: Mapping[UUID, datetime]) -> None:
    """Write the reservations of these orders; the commit refuses (AlreadyExists) where an order has some."""
    lines = dict[datetime, list[tuple[Any, ...]]]()
    for order_id, picks in served:
        lines.setdefault(ends[order_id], []).extend(
            (order_id, pick.sku, pick.quantity, line, pick.warehouse, pick.bundle, pick.per)
            for line, pick in enumerate(picks)
        )
    for expires_at, new in lines.items():
        tx.later(ADD, new, expires_at)


class Held(NamedTuple):
    """Lines, and what there is of the SKUs of those that are led on, all of it held."""

    lines: list[Line]
    levels: Levels


async def hold(tx: Tx, order_ids: Sequence[UUID], by: type) -> Held:
    """Every line of these orders, held; and the stock of those that an arrow named `by` leads on, in its order."""
    sources = [state.value for state in LIFECYCLE.sources(by)]
    rows = await tx.all(LOCK_ORDERS, order_ids, sources)
    if any(row["missed"] for row in rows):
        rows = await tx.all(LOCK_ORDERS, order_ids, sources)
    levels = {row["sku"]: Level(row["sku"], row["version"], row["on_hand"], row["reserved"])
              for row in rows if row["version"] is not None}  # fmt: skip
    return Held([_line(row) for row in rows], levels)


async def of_order(tx: Tx, order_id: UUID) -> list[Line]:
    """Every line of one order, as it stands."""
    return [_line(row) for row in await tx.all(OF_ORDER, order_id)]


async def shipped_from(tx: Tx, order_id: UUID) -> dict[str, str]:
    """What was bought, to the warehouse that most of it left; of as many from two, the first by name."""
    return {row["bought"]: row["warehouse"] for row in await tx.all(SHIPPED_FROM, order_id)}


def _line(row: Any) -> Line:
    state = State(row["state"])
    return Line(row["order_id"], row["sku"], row["quantity"], state, row["expires_at"], row["warehouse"], row["bundle"])


def lead_on(tx: Tx, lines: Sequence[Line], by: type, levels: Levels) -> Levels:
    """Let held lines follow the arrow, and the stock with them; what there is of it then."""
    moves = movements(lines, by)
    stock.move(tx, moves)
    mark(tx, lines, by, levels)
    return moved(levels, moves)


def mark(tx: Tx, lines: Sequence[Line], by: type, levels: Levels) -> Levels:
    """Write where these lines stand after the arrow, and nothing of stock, which is as before."""
    for target, order_ids in _by_target(lines, by):
        tx.later(MARK, order_ids, target.value, [state.value for state in LIFECYCLE.sources(by)])
    return levels


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
