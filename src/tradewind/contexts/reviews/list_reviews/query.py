"""The published reviews of one product, and what all of them add up to."""

from datetime import UTC, datetime
from typing import Any, Final, Literal
from uuid import UUID

from tradewind.contexts.reviews._domain.views import ReviewPage, view
from tradewind.contexts.reviews._projections.rating import average
from tradewind.contexts.reviews._store import reviews
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Invalid
from tradewind.kernel.ids import MAX_ID
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
_MOST: Final = 2**31 - 1
_END_OF_TIME: Final = datetime(9999, 12, 31, tzinfo=UTC)


class UnfitCursor(Invalid):
    """The cursor is none that this list gave."""


class ListReviews(Command, frozen=True):
    """See what others say. `cursor` is `next` of the page before, of the same order."""

    product_id: UUID
    sort: Literal["newest", "helpful"] = "newest"
    limit: int = 20
    cursor: str | None = None


@query(action="reviews.list")
async def list_reviews(command: ListReviews, tx: Tx) -> ReviewPage:
    """Only published ones, to whoever asks."""
    await reviews.known(tx, command.product_id)
    limit = min(command.limit, MAX_PAGE)
    key, review_id = _read(command)
    sql = NEWEST if command.sort == "newest" else MOST_HELPFUL
    rows = await tx.all(sql, command.product_id, key, review_id, limit)
    counts = {row["stars"]: row["reviews"] for row in await tx.all(STARS, command.product_id)}
    count = sum(counts.values())
    return ReviewPage(
        items=[view(reviews.of(row)) for row in rows],
        average=average(count, sum(stars * many for stars, many in counts.items())),
        count=count,
        stars=tuple(counts.get(stars, 0) for stars in range(1, 6)),
        next=_next(command, rows[-1]) if len(rows) == limit else None,
    )


def _next(command: ListReviews, last: Any) -> str:
    key = last["written_at"].isoformat() if command.sort == "newest" else last["helpful"]
    return f"{command.sort}~{key}~{last['id']}"


def _read(command: ListReviews) -> tuple[datetime | int, UUID]:
    if command.cursor is None:
        return (_END_OF_TIME if command.sort == "newest" else _MOST), MAX_ID
    sort, _, rest = command.cursor.partition("~")
    key, _, review_id = rest.partition("~")
    try:
        if sort != command.sort:
            raise UnfitCursor("The cursor is of another order.")
        if sort == "newest":
            return datetime.fromisoformat(key).astimezone(UTC), UUID(review_id)
        return max(0, min(int(key), _MOST)), UUID(review_id)
    except (ValueError, OverflowError):
        raise UnfitCursor from None
