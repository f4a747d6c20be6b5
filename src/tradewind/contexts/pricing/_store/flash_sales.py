"""The SQL of flash sales and of the pieces that orders hold of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from tradewind.contexts.pricing._domain.flash_sale import FlashSale, SaleState
from tradewind.contexts.pricing._store.layers import AMOUNT, LAYERS
from tradewind.contracts.pricing import Price, Redemption
from tradewind.kernel import clock
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx

PRESENT: Final = "SELECT now()"
INSERT: Final = """
    INSERT INTO pricing.flash_sale (id, sku, product_id, price_minor, currency, quantity, per_buyer, state, starts_at,
                                    ends_at, created_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
USUAL: Final = f"""
    SELECT p.sku, p.product_id, {AMOUNT} AS amount_minor, p.currency
    FROM pricing.product_price_history AS p
    {LAYERS}
    WHERE p.sku = $2 AND p.valid_to IS NULL
      AND NOT EXISTS (SELECT FROM pricing.withheld AS w WHERE w.product_id = p.product_id)
"""  # noqa: S608 -- the pieces are constants
OVERLAPPING: Final = """
    SELECT id FROM pricing.flash_sale
    WHERE sku = $1 AND state <> 'ENDED' AND starts_at < $3 AND ends_at > $2 ORDER BY starts_at LIMIT 1
"""
GET: Final = "SELECT * FROM pricing.flash_sale WHERE id = $1"
LOCK: Final = "SELECT * FROM pricing.flash_sale WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"
LOOK: Final = "SELECT s.* FROM pricing.flash_sale AS s, pg_sleep(0.05) WHERE id = ANY($1::uuid[])"
"""What the planted bug does: slow enough that others look meanwhile, however busy the machine is."""
RUNNING_FOR: Final = """
    SELECT * FROM pricing.flash_sale WHERE product_id = $1 AND state IN ('RUNNING', 'SOLD_OUT') LIMIT 1
"""
LOCK_DUE: Final = """
    SELECT *, now() AS present FROM pricing.flash_sale
    WHERE (state = 'PLANNED' AND starts_at <= now())
       OR (state IN ('RUNNING', 'SOLD_OUT') AND (ends_at <= now() OR (state = 'SOLD_OUT') <> (sold >= quantity)))
    ORDER BY id LIMIT 100 FOR NO KEY UPDATE
"""
RUNNING_OF: Final = (
    "SELECT sku FROM pricing.flash_sale WHERE sku = ANY($1::text[]) AND state IN ('RUNNING', 'SOLD_OUT')"
)
MOVE: Final = """
    UPDATE pricing.flash_sale AS s SET state = u.state, ended_at = CASE WHEN u.state = 'ENDED' THEN now() END
    FROM unnest($1::uuid[], $2::text[]) AS u (id, state) WHERE s.id = u.id
"""
OPEN: Final = """
    SELECT * FROM pricing.flash_sale WHERE state <> 'ENDED' AND (starts_at, id) > ($1, $2)
    ORDER BY starts_at, id LIMIT $3
"""
TAKEN: Final = """
    SELECT sale_id, customer_id, sum(pieces)::int AS pieces FROM pricing.flash_sale_redemption
    WHERE sale_id = ANY($1::uuid[]) AND customer_id = ANY($2::text[]) AND returned_at IS NULL GROUP BY 1, 2
"""
REDEEM: Final = """
    INSERT INTO pricing.flash_sale_redemption (order_id, sale_id, customer_id, pieces)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[])
"""
SELL: Final = """
    UPDATE pricing.flash_sale AS s SET sold = s.sold + u.pieces
    FROM unnest($1::uuid[], $2::int[]) AS u (id, pieces) WHERE s.id = u.id
"""
OVERWRITE: Final = """
    UPDATE pricing.flash_sale AS s SET sold = least(s.quantity, s.sold + u.pieces)
    FROM unnest($1::uuid[], $2::int[]) AS u (id, pieces) WHERE s.id = u.id
"""
SALES_OF_ORDERS: Final = """
    SELECT DISTINCT sale_id FROM pricing.flash_sale_redemption
    WHERE order_id = ANY($1::uuid[]) AND returned_at IS NULL
"""
GIVE_BACK: Final = """
    WITH back AS (
        UPDATE pricing.flash_sale_redemption SET returned_at = now()
        WHERE order_id = ANY($1::uuid[]) AND returned_at IS NULL RETURNING sale_id, pieces)
    UPDATE pricing.flash_sale AS s SET sold = s.sold - b.pieces
    FROM (SELECT sale_id, sum(pieces) AS pieces FROM back GROUP BY 1) AS b WHERE s.id = b.sale_id
"""
ON_SALE: Final = """
    SELECT s.sku FROM pricing.flash_sale_redemption AS r JOIN pricing.flash_sale AS s ON s.id = r.sale_id
    WHERE r.order_id = $1 AND r.returned_at IS NULL
"""
MERGE: Final = "UPDATE pricing.flash_sale_redemption SET customer_id = $2 WHERE customer_id = $1"
OWN: Final = "UPDATE pricing.flash_sale_redemption SET customer_id = $2 WHERE order_id = $1"
OF_CUSTOMER: Final = """
    SELECT r.order_id, s.sku, r.pieces, r.redeemed_at, r.returned_at
    FROM pricing.flash_sale_redemption AS r JOIN pricing.flash_sale AS s ON s.id = r.sale_id
    WHERE r.customer_id = $1 ORDER BY r.redeemed_at, r.order_id
"""
FORGET: Final = "UPDATE pricing.flash_sale_redemption SET customer_id = 'erased' WHERE customer_id = $1"


async def usual(tx: Tx, sku: str) -> Price | None:
    """What the product costs when no sale runs."""
    row = await tx.row(USUAL, clock.now(), sku)
    return None if row is None else Price(row["sku"], row["product_id"], Money(row["amount_minor"], row["currency"]))


def insert(tx: Tx, sale: FlashSale) -> None:
    """Write a new sale with the commit's statement."""
    tx.later(INSERT, sale.id, sale.sku, sale.product_id, sale.price.minor, sale.price.currency, sale.quantity,
             sale.per_buyer, sale.state.value, sale.starts_at, sale.ends_at, tx.call.actor.subject)  # fmt: skip


async def present(tx: Tx) -> datetime:
    """What time it is by the database's clock: by the one clock that every process of a shop shares."""
    moment: datetime = await tx.value(PRESENT)
    return moment


async def overlapping(tx: Tx, sku: str, since: datetime, until: datetime) -> UUID | None:
    """A sale of `sku` that has not ended and runs at some time between the two."""
    found: UUID | None = await tx.value(OVERLAPPING, sku, since, until)
    return found


async def get(tx: Tx, sale_id: UUID) -> FlashSale | None:
    """The sale as it stands."""
    row = await tx.row(GET, sale_id)
    return None if row is None else sale_of(row)


async def running_for(tx: Tx, product_id: UUID) -> FlashSale | None:
    """The sale that runs for the product, sold out or not."""
    row = await tx.row(RUNNING_FOR, product_id)
    return None if row is None else sale_of(row)


async def lock(tx: Tx, ids: Sequence[UUID], *, locking: bool = True) -> dict[UUID, FlashSale]:
    """The sales, in the order of their ids; nobody else changes them until the transaction ends."""
    return {row["id"]: sale_of(row) for row in await tx.all(LOCK if locking else LOOK, ids)}


async def lock_due(tx: Tx) -> tuple[Sequence[FlashSale], datetime | None]:
    """At most 100 sales to which something has to happen, locked, and the moment at which that was so."""
    rows = await tx.all(LOCK_DUE)
    return [sale_of(row) for row in rows], rows[0]["present"] if rows else None


async def running_of(tx: Tx, skus: Sequence[str]) -> set[str]:
    """Those SKUs that a sale runs for."""
    return {row["sku"] for row in await tx.all(RUNNING_OF, skus)}


def move(tx: Tx, moves: Mapping[UUID, SaleState]) -> None:
    """Write where locked sales stand now, with the commit's statement."""
    tx.later(MOVE, list(moves), [state.value for state in moves.values()])


async def open_after(tx: Tx, starts_at: datetime, sale_id: UUID, limit: int) -> list[FlashSale]:
    """At most `limit` sales that have not ended, in the order in which they start, after the one named."""
    return [sale_of(row) for row in await tx.all(OPEN, starts_at, sale_id, limit)]


async def taken(tx: Tx, ids: Sequence[UUID], buyers: Sequence[str]) -> dict[tuple[UUID, str], int]:
    """How many pieces each of the buyers has of each sale. Sure only while the sales are locked."""
    return {(row["sale_id"], row["customer_id"]): row["pieces"] for row in await tx.all(TAKEN, ids, buyers)}


def redeem(tx: Tx, granted: Sequence[Redemption], *, guarded: bool = True) -> None:
    """Note who got what, and count it, with the commit's statement. The sales must be locked."""
    rows = [(one.order_id, sale_id, one.customer_id, n) for one in granted for sale_id, n in one.sale_pieces.items()]
    if not rows:
        return
    order_ids, sale_ids, buyers, pieces = (list(column) for column in zip(*rows, strict=True))
    tx.later(REDEEM, order_ids, sale_ids, buyers, pieces)
    sums: dict[UUID, int] = {}
    for _, sale_id, _, count in rows:
        sums[sale_id] = sums.get(sale_id, 0) + count
    tx.later(SELL if guarded else OVERWRITE, list(sums), list(sums.values()))


async def give_back(tx: Tx, order_ids: Sequence[UUID]) -> None:
    """What these orders hold of sales may be had by others. Idempotent."""
    sales = [row["sale_id"] for row in await tx.all(SALES_OF_ORDERS, order_ids)]
    if sales:
        await lock(tx, sales)
        await tx.run(GIVE_BACK, order_ids)


def sale_of(row: Any) -> FlashSale:
    """The sale that a row holds."""
    return FlashSale(
        id=row["id"],
        sku=row["sku"],
        product_id=row["product_id"],
        price=Money(row["price_minor"], row["currency"]),
        quantity=row["quantity"],
        per_buyer=row["per_buyer"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        state=SaleState(row["state"]),
        sold=row["sold"],
    )


async def skus_of(tx: Tx, order_id: UUID) -> frozenset[str]:
    """The SKUs of which the order has pieces of flash sales."""
    return frozenset(row["sku"] for row in await tx.all(ON_SALE, order_id))
