"""What the reviews of a product add up to, kept by their events alone, and told when it changes."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, TypeAlias, assert_never
from uuid import UUID

from tradewind.contracts.catalog import ProductCreated, ProductDeleted, ProductUpdated
from tradewind.contracts.reviews import RatingChanged, ReviewCreated, ReviewDeleted, ReviewEdited, ReviewModerated
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import subscriber

SOLD: Final = """
    INSERT INTO reviews.product (product_id, on_sale) SELECT * FROM unnest($1::uuid[], $2::boolean[])
    ON CONFLICT (product_id) DO UPDATE SET on_sale = EXCLUDED.on_sale
"""
SAID: Final = """
    INSERT INTO reviews.counted (review_id, product_id, stars) VALUES ($1, $2, $3)
    ON CONFLICT (review_id) DO UPDATE SET stars = EXCLUDED.stars, shown = false
"""
SHOWN: Final = "UPDATE reviews.counted SET shown = $2 WHERE review_id = $1"
GONE: Final = "DELETE FROM reviews.counted WHERE review_id = $1"
SUM: Final = """
    INSERT INTO reviews.rating AS r (product_id, count, total)
    SELECT p.product_id, count(c.review_id), coalesce(sum(c.stars), 0)
    FROM unnest($1::uuid[]) AS p (product_id) LEFT JOIN reviews.counted AS c ON c.product_id = p.product_id AND c.shown
    GROUP BY p.product_id
    HAVING count(c.review_id) > 0 OR EXISTS (SELECT FROM reviews.rating AS x WHERE x.product_id = p.product_id)
    ON CONFLICT (product_id) DO UPDATE SET count = EXCLUDED.count, total = EXCLUDED.total
    WHERE (r.count, r.total) <> (EXCLUDED.count, EXCLUDED.total)
    RETURNING product_id, count, total
"""
CENT: Final = Decimal("0.01")
Said: TypeAlias = ReviewCreated | ReviewEdited | ReviewModerated | ReviewDeleted
OnSale: TypeAlias = ProductCreated | ProductUpdated | ProductDeleted


@subscriber
async def rating(events: Sequence[Said | OnSale], tx: Tx) -> None:
    """Note what was said, add up each product that it was said of, and tell what came out differently."""
    sold = {event.product_id: _is_sold(event) for event in events if isinstance(event, OnSale)}
    if sold:
        await tx.run(SOLD, list(sold), list(sold.values()))
    touched: set[UUID] = set()
    for event in events:
        if not isinstance(event, OnSale):
            touched.add(event.product_id)
            await _note(event, tx)
    if touched:
        for row in await tx.all(SUM, sorted(touched)):
            tx.tell(_changed(row["product_id"], row["count"], row["total"]))


def _is_sold(event: OnSale) -> bool:
    return not isinstance(event, ProductDeleted) and event.status == "ACTIVE"


async def _note(event: Said, tx: Tx) -> None:
    match event:
        case ReviewCreated() | ReviewEdited():
            await tx.run(SAID, event.review_id, event.product_id, event.stars)
        case ReviewModerated():
            await tx.run(SHOWN, event.review_id, event.accepted)
        case ReviewDeleted():
            await tx.run(GONE, event.review_id)
        case _:
            assert_never(event)


def _changed(product_id: UUID, count: int, total: int) -> RatingChanged:
    return RatingChanged(product_id=product_id, average=average(count, total) or Decimal(0), count=count)


def average(count: int, total: int) -> Decimal | None:
    """The mean, to two digits; None of nothing."""
    return (Decimal(total) / count).quantize(CENT) if count else None
