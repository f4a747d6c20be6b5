"""The SQL of stock and its adjustments. Rows are held by SKU, then warehouse.

The row of the main warehouse says how often the SKU's numbers were changed, wherever that was; so it is changed along.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from msgspec.structs import replace

from tradewind.contexts.inventory._domain.reservation import Movement
from tradewind.contexts.inventory._domain.stock import Shelf, Stock, Terms
from tradewind.contracts.inventory import MAIN
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Tx

GET: Final = """
    SELECT sku, warehouse, product_id, on_hand, reserved, low_threshold, waiting, wait_limit, patience_days,
           releases_at, coalesce(releases_at > now(), false) AS unreleased, version
    FROM inventory.inventory_stock WHERE sku = ANY($1::text[]) ORDER BY sku, warehouse
"""
HOLD: Final = """
    SELECT sku, warehouse, product_id, on_hand, reserved, low_threshold, waiting, wait_limit, patience_days,
           releases_at, coalesce(releases_at > now(), false) AS unreleased, version,
           (SELECT count(*) > 1 FROM inventory.warehouse) AS several
    FROM inventory.inventory_stock WHERE sku = ANY($1::text[]) ORDER BY sku, warehouse FOR NO KEY UPDATE
"""
OPEN: Final = """
    INSERT INTO inventory.inventory_stock (sku, product_id) SELECT * FROM unnest($1::text[], $2::uuid[])
    ON CONFLICT (sku, warehouse) DO NOTHING
"""
OPEN_PLACES: Final = """
    INSERT INTO inventory.inventory_stock (sku, product_id, low_threshold, warehouse)
    SELECT s.sku, s.product_id, s.low_threshold, u.warehouse
    FROM unnest($1::text[], $2::text[]) AS u (sku, warehouse)
    JOIN inventory.inventory_stock AS s ON s.sku = u.sku AND s.warehouse = 'MAIN'
    ORDER BY u.sku, u.warehouse
    ON CONFLICT (sku, warehouse) DO NOTHING
"""
COUNT_PLACES: Final = """
    UPDATE inventory.inventory_stock AS s
    SET places = (SELECT count(*) FROM inventory.inventory_stock AS o WHERE o.sku = s.sku)
    WHERE s.sku = ANY($1::text[]) AND s.warehouse = 'MAIN'
"""
MOVE: Final = """
    UPDATE inventory.inventory_stock AS s SET on_hand = s.on_hand + u.on_hand, reserved = s.reserved + u.reserved,
        version = s.version + (s.warehouse = 'MAIN')::int
    FROM unnest($1::inventory.movement[]) AS u WHERE s.sku = u.sku AND s.warehouse = u.warehouse
"""
OVERWRITE: Final = """
    UPDATE inventory.inventory_stock AS s SET reserved = u.reserved, version = s.version + (s.warehouse = 'MAIN')::int
    FROM unnest($1::text[], $2::text[], $3::int[]) AS u (sku, warehouse, reserved)
    WHERE s.sku = u.sku AND s.warehouse = u.warehouse
"""
NOTE: Final = """
    INSERT INTO inventory.inventory_adjustment (id, sku, warehouse, delta, reference, per, reason, actor)
    SELECT u.*, $8
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::text[], $6::int[], $7::text[]) AS u
"""
AVAILABLE: Final = """
    WITH parts AS (SELECT bundle, part, pieces FROM inventory.bundle_part WHERE bundle = ANY($1::text[])),
    pieces AS (
        SELECT sku, sum(on_hand - reserved) AS available FROM inventory.inventory_stock
        WHERE sku = ANY($1::text[] || ARRAY(SELECT part FROM parts)) GROUP BY sku)
    SELECT s.sku, coalesce((SELECT min(p.available / parts.pieces) FROM parts JOIN pieces AS p ON p.sku = parts.part
                            WHERE parts.bundle = s.sku), s.available)::int
    FROM pieces AS s WHERE s.sku = ANY($1::text[])
"""
ORDERABLE: Final = """
    WITH parts AS (SELECT bundle, part, pieces FROM inventory.bundle_part WHERE bundle = ANY($1::text[])),
    pieces AS (
        SELECT sku, sum(on_hand - reserved - waiting) AS offered, sum(wait_limit) AS more,
               coalesce(bool_or(releases_at > now()), false) AS unreleased
        FROM inventory.inventory_stock
        WHERE sku = ANY($1::text[] || ARRAY(SELECT part FROM parts)) GROUP BY sku)
    SELECT s.sku, greatest(0, coalesce(
        (SELECT min(CASE WHEN p.unreleased THEN 0 ELSE p.offered / parts.pieces END)
         FROM parts JOIN pieces AS p ON p.sku = parts.part WHERE parts.bundle = s.sku), s.offered + s.more))::int
    FROM pieces AS s WHERE s.sku = ANY($1::text[])
"""
SET_TERMS: Final = """
    UPDATE inventory.inventory_stock SET wait_limit = $2, patience_days = $3, releases_at = $4
    WHERE sku = $1 AND warehouse = 'MAIN'
"""
QUEUED: Final = """
    UPDATE inventory.inventory_stock AS s SET waiting = s.waiting + u.pieces
    FROM unnest($1::text[], $2::int[]) AS u (sku, pieces) WHERE s.sku = u.sku AND s.warehouse = 'MAIN'
"""
KNOWN: Final = "SELECT reference FROM inventory.inventory_adjustment WHERE reference = ANY($1::text[])"


class Change(NamedTuple):
    """So many came or went; `per` of them for each thing that `reference` speaks of, where that is a bundle."""

    sku: str
    warehouse: str
    delta: int
    reference: str | None = None
    per: int = 1


async def get(tx: Tx, sku: str) -> Stock | None:
    """The stock of `sku` as it stands."""
    return from_rows(await tx.all(GET, [sku])).get(sku)


async def look(tx: Tx, skus: Sequence[str]) -> dict[str, Stock]:
    """The stock of each of these SKUs as it stands at one moment; nothing is held."""
    return from_rows(await tx.all(GET, skus))


async def available(tx: Tx, skus: Sequence[str]) -> dict[str, int]:
    """What can still be promised of each SKU, as it stands; of a bundle, what can be put together."""
    return {row[0]: row[1] for row in await tx.all(AVAILABLE, skus)}


async def orderable(tx: Tx, skus: Sequence[str]) -> dict[str, int]:
    """How many of each SKU may be ordered as it stands, though some of it has to be waited for; a bundle never is."""
    return {row[0]: row[1] for row in await tx.all(ORDERABLE, skus)}


async def queued(tx: Tx, pieces: Mapping[str, int]) -> None:
    """So many more (or fewer) of each SKU are wanted by its queue. The stock must be held."""
    skus = sorted(sku for sku, number in pieces.items() if number)
    if skus:
        await tx.run(QUEUED, skus, [pieces[sku] for sku in skus])


async def hold(tx: Tx, skus: Sequence[str]) -> dict[str, Stock]:
    """The stock of each of these SKUs, wherever it lies; nobody else changes it until the transaction ends.

    A place that somebody opened while this waited for them is not seen by the statement that waited, so where there can
    be such places it is asked again.
    """
    rows = await tx.all(HOLD, skus)
    return from_rows(await tx.all(HOLD, skus) if rows and rows[0]["several"] else rows)


async def open_for(tx: Tx, sku: str, product_id: UUID) -> None:
    """Let `sku` have a stock, empty unless there is one already."""
    await open_all(tx, {sku: product_id})


async def open_all(tx: Tx, product_ids: Mapping[str, UUID]) -> None:
    """Let each SKU have a stock, empty unless there is one already; in SKU order, so that two who open do not meet."""
    skus = sorted(product_ids)
    await tx.run(OPEN, skus, [product_ids[sku] for sku in skus])


async def hold_in(tx: Tx, places: Iterable[tuple[str, str]]) -> dict[str, Stock]:
    """The stock of these SKUs, held, each with a place in its warehouse; what has no stock anywhere is missing."""
    places = sorted(set(places))
    skus = sorted({sku for sku, _ in places})
    held = await hold(tx, skus)
    new = [(sku, place) for sku, place in places if sku in held and place not in held[sku].shelves]
    if not new:
        return held
    await tx.run(OPEN_PLACES, [sku for sku, _ in new], [place for _, place in new])
    await tx.run(COUNT_PLACES, sorted({sku for sku, _ in new}))
    return await hold(tx, skus)


def missed(rows: Iterable[Any]) -> bool:
    """Whether the statement that waited for these rows did not see one that was opened meanwhile."""
    seen, due = Counter[str](), dict[str, int]()
    for row in rows:
        if row["warehouse"] is not None:
            seen[row["sku"]] += 1
            if row["places"] > 1:
                due[row["sku"]] = row["places"]
    return any(seen[sku] < places for sku, places in due.items())


def move(tx: Tx, movements: Sequence[Movement]) -> None:
    """Add to both numbers of each shelf with the commit's statement. The rows must be held, a shelf be named once.

    Raises the version of each SKU by one: a SKU is moved once by what goes out together.

    The table's CHECKs are the guard: what would promise more than there is fails the transaction. A WHERE would only
    leave the row out, and nobody sees how many rows a put-off statement touched.
    """
    rows = [(one.sku, one.on_hand, one.reserved, one.warehouse) for one in movements]
    versioned = {sku for sku, _, _, place in rows if place == MAIN}
    rows += [(sku, 0, 0, MAIN) for sku in dict.fromkeys(one.sku for one in movements) if sku not in versioned]
    tx.later(MOVE, rows)


def overwrite(tx: Tx, reserved: Mapping[tuple[str, str], int]) -> None:
    """Write absolute numbers: what the planted bug does."""
    tx.later(OVERWRITE, [sku for sku, _ in reserved], [place for _, place in reserved], list(reserved.values()))


def note(tx: Tx, changes: Sequence[Change], reason: str) -> None:
    """Put adjustments into the ledger."""
    note_each(tx, [(change, reason) for change in changes])


def note_each(tx: Tx, changes: Sequence[tuple[Change, str]]) -> None:
    """Put adjustments into the ledger, each with its reason."""
    rows = [(new_id(), *change, reason) for change, reason in changes]
    tx.later(NOTE, *map(list, zip(*rows, strict=True)), tx.call.actor.subject)


async def known(tx: Tx, references: Sequence[str]) -> set[str]:
    """Those of these references that are in the ledger."""
    return {row["reference"] for row in await tx.all(KNOWN, references)}


def from_rows(rows: Iterable[Any]) -> dict[str, Stock]:
    """Rows as the domain knows them: the shelves of each SKU together."""
    found: dict[str, Stock] = {}
    for row in rows:
        sku, on_hand, reserved = row["sku"], row["on_hand"], row["reserved"]
        shelf = {row["warehouse"]: Shelf(on_hand, reserved)}
        if (other := found.get(sku)) is None:
            found[sku] = Stock(
                sku=sku,
                product_id=row["product_id"],
                on_hand=on_hand,
                reserved=reserved,
                low_threshold=row["low_threshold"],
                shelves=shelf,
            )
        else:
            both = {"on_hand": other.on_hand + on_hand, "reserved": other.reserved + reserved}
            found[sku] = replace(other, **both, shelves={**other.shelves, **shelf})
        if row["warehouse"] == MAIN:
            found[sku] = replace(found[sku], terms=_terms(row), version=row["version"])
    return found


def _terms(row: Any) -> Terms:
    """What the main warehouse's row says for the SKU; the rows of the hot path say only what counts there."""
    return Terms(
        waiting=row["waiting"],
        limit=row.get("wait_limit", 0),
        patience_days=row.get("patience_days", 0),
        releases_at=row.get("releases_at"),
        unreleased=row["unreleased"],
    )
