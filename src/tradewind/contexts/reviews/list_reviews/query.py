"""The published reviews of one product, and what all of them add up to."""

from typing import Any, Final, Literal
from uuid import UUID

from tradewind.contexts.reviews._domain.views import ReviewPage, view
from tradewind.contexts.reviews._projections.rating import average
from tradewind.contexts.reviews._store import reviews
from tradewind.contracts.messages import Command
from tradewind.kernel.ids import MAX_ID
from tradewind.kernel.pages import LAST_MOMENT, MAX_INT, Keyset, Moment, Number
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

MAX_PAGE = 100
NEWEST: Final = """
    SELECT * FROM reviews.review WHERE product_id = $1 AND status = 'PUBLISHED' AND (written_at, id) < ($2, $3)
    ORDER BY written_at DESC, id DESC LIMIT $4
"""
MOST_HELPFUL: Final = """
    SELECT * FROM reviews.review WHERE product_id = $1 AND status = 'PUBLISHED' AND (helpful, id) < ($2, $3)
    ORDER BY helpful DESC, id DESC LIMIT $4
"""
STARS: Final = """
    SELECT stars, count(*) AS reviews FROM reviews.review WHERE product_id = $1 AND status = 'PUBLISHED' GROUP BY stars
"""
BY_TIME: Final = Keyset("newest reviews", tuple[Moment, UUID], (LAST_MOMENT, MAX_ID))
BY_HELP: Final = Keyset("helpful reviews", tuple[Number, UUID], (MAX_INT, MAX_ID))
ORDERS: Final[dict[str, tuple[Keyset[Any], str, str]]] = {
    "newest": (BY_TIME, NEWEST, "written_at"),
    "helpful": (BY_HELP, MOST_HELPFUL, "helpful"),
}
"""Its cursors, its question, and the column that leads it."""


class ListReviews(Command, frozen=True):
    """See what others say. `cursor` is `next` of the page before, of the same order."""

    product_id: UUID
    sort: Literal["newest", "helpful"] = "newest"
    limit: int = 20
    cursor: str | None = None


@query(action="reviews.list", at_once=True)
async def list_reviews(command: ListReviews, tx: Tx) -> ReviewPage:
    """Only published ones, to whoever asks. Refuses UnfitCursor and NoSuchProduct."""
    order, sql, column = ORDERS[command.sort]
    after, limit = order.after(command.cursor), min(command.limit, MAX_PAGE)
    await reviews.known(tx, command.product_id)
    rows = await tx.all(sql, command.product_id, *after, limit + 1)
    shown, next_ = order.page(rows, limit, lambda row: (row[column], row["id"]))
    counts = {row["stars"]: row["reviews"] for row in await tx.all(STARS, command.product_id)}
    count = sum(counts.values())
    return ReviewPage(
        items=[view(reviews.of(row)) for row in shown],
        average=average(count, sum(stars * many for stars, many in counts.items())),
        count=count,
        stars=tuple(counts.get(stars, 0) for stars in range(1, 6)),
        next=next_,
    )
