"""The questions that recommendations answer, each one statement; products that are not sold never come up."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from tradewind.contexts.recommendations._domain.recommendation import Because, Kind, Recommended
from tradewind.contexts.recommendations._domain.terms import spoken
from tradewind.kernel.errors import NotFound
from tradewind.runtime.database import Tx

MAX_COMMON: Final = 2_000
"""A word of more products than that tells nothing about any of them."""
TELLING: Final = 12
"""Words, the rarest and heaviest, by which products are compared."""
KNOWN: Final = "SELECT category FROM recommendations.product WHERE product_id = $1"
TOGETHER: Final = """
    SELECT p.*, sum(t.together)::int AS orders,
           array_agg(t.product_id ORDER BY t.together DESC, t.product_id) AS led_by
    FROM recommendations.pair AS t
    JOIN recommendations.product AS p ON p.product_id = t.other_id
    JOIN recommendations.product AS mine ON mine.product_id = t.product_id
    WHERE t.product_id = ANY($1::uuid[]) AND t.together > 0 AND p.on_sale AND p.product_id <> ALL($1::uuid[])
    GROUP BY p.product_id
    ORDER BY sum(t.together / sqrt(greatest(p.bought, 1)::float8 * greatest(mine.bought, 1))) DESC, p.product_id
    LIMIT $2
"""
SIMILAR: Final = """
    WITH telling AS (
        SELECT t.term, max(t.weight) * ln(1 + every.products::float8 / f.products) AS score
        FROM recommendations.term AS t
        JOIN recommendations.frequency AS f ON f.term = t.term
        JOIN recommendations.frequency AS every ON every.term = ''
        WHERE t.product_id = ANY($1::uuid[]) AND t.term <> '' AND f.products BETWEEN 2 AND $3
        GROUP BY t.term, every.products, f.products ORDER BY score DESC, t.term LIMIT $4),
    alike AS (
        SELECT o.product_id, sum(s.score * o.weight) AS score,
               array_agg(o.term ORDER BY s.score * o.weight DESC, o.term) AS shared
        FROM telling AS s JOIN recommendations.term AS o ON o.term = s.term
        WHERE o.product_id <> ALL($1::uuid[]) GROUP BY o.product_id)
    SELECT p.*, a.shared[1:3] AS shared FROM alike AS a JOIN recommendations.product AS p ON p.product_id = a.product_id
    WHERE p.on_sale ORDER BY a.score DESC, p.bought DESC, p.product_id LIMIT $2
"""
POPULAR: Final = """
    SELECT * FROM recommendations.product WHERE on_sale AND bought > 0 AND ($2::text IS NULL OR category = $2)
    ORDER BY bought DESC, product_id LIMIT $1
"""
NEW: Final = "SELECT * FROM recommendations.product WHERE on_sale ORDER BY learned_at DESC, product_id LIMIT $1"
THESE: Final = """
    SELECT p.* FROM unnest($1::uuid[]) WITH ORDINALITY AS u (product_id, place)
    JOIN recommendations.product AS p USING (product_id) WHERE p.on_sale ORDER BY u.place
"""
OF_SKU: Final = "SELECT * FROM recommendations.product WHERE sku = $1 AND on_sale"
OWNED: Final = """
    SELECT product_id FROM recommendations.basket WHERE user_id = $1 AND counted
    ORDER BY order_id DESC, product_id LIMIT $2
"""
FORGET: Final = "UPDATE recommendations.basket SET user_id = 'gone-' || gen_random_uuid() WHERE user_id = $1"


class NoSuchProduct(NotFound):
    """There is no such product."""


async def category_of(tx: Tx, product_id: UUID) -> str:
    """Where the product belongs; refuses (NoSuchProduct)."""
    category: str | None = await tx.value(KNOWN, product_id)
    if category is None:
        raise NoSuchProduct(productId=str(product_id))
    return category


async def bought_with(tx: Tx, ids: Sequence[UUID], limit: int, *, kind: Kind = "bought-together") -> list[Recommended]:
    """What was bought in the same orders as any of `ids`, weighed against how often it is bought at all."""
    rows = await tx.all(TOGETHER, ids, limit)
    return [_one(row, _together(kind, row["orders"], tuple(row["led_by"][:3]))) for row in rows]


def _together(kind: Kind, orders: int, led_by: tuple[UUID, ...]) -> Because:
    times = "once" if orders == 1 else f"{orders} times"
    whose = "something of yours" if kind == "for-you" else "this"
    return Because(kind=kind, text=f"Bought together with {whose} {times}", orders=orders, to=led_by)


async def similar_to(tx: Tx, ids: Sequence[UUID], limit: int, *, kind: Kind = "similar") -> list[Recommended]:
    """What shares the words that tell most about `ids`."""
    found = []
    for row in await tx.all(SIMILAR, ids, limit, MAX_COMMON, TELLING):
        shared = tuple(spoken(term) for term in row["shared"])
        because = Because(kind=kind, text=f"Has in common: {', '.join(shared)}", shared=shared, to=tuple(ids[:3]))
        found.append(_one(row, because))
    return found


async def popular(tx: Tx, limit: int, category: str | None = None) -> list[Recommended]:
    """What is bought most, of one category or of all."""
    rows = await tx.all(POPULAR, limit, category)
    where = f" in {category}" if category else ""
    return [_one(row, Because(kind="popular", text=f"Often bought{where}", orders=row["bought"])) for row in rows]


async def new(tx: Tx, limit: int) -> list[Recommended]:
    """What came last."""
    return [_one(row, Because(kind="new", text="New here")) for row in await tx.all(NEW, limit)]


async def of_sku(tx: Tx, sku: str) -> Recommended:
    """The product that carries this SKU; refuses (NoSuchProduct)."""
    row = await tx.row(OF_SKU, sku)
    if row is None:
        raise NoSuchProduct(sku=sku)
    return _one(row, Because(kind="words", text="Has this SKU"))


async def these(tx: Tx, ids: Sequence[UUID], because: Because) -> list[Recommended]:
    """Those of `ids` that are sold, in the same order."""
    return [_one(row, because) for row in await tx.all(THESE, ids)]


async def owned(tx: Tx, user_id: str, limit: int) -> list[UUID]:
    """What this user has bought, the latest first."""
    return [row["product_id"] for row in await tx.all(OWNED, user_id, limit)]


def _one(row: Any, because: Because) -> Recommended:
    return Recommended(
        id=row["product_id"],
        sku=row["sku"],
        name=row["name"],
        category=row["category"],
        because=because,
        price=row["amount"],
        currency=row["currency"],
        image=row["image"],
    )
