"""What waits for a moderator, the longest waiting first."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from tradewind.contexts.reviews._domain.views import QueuePage, view
from tradewind.contexts.reviews._store import reviews
from tradewind.contexts.reviews.list_reviews.query import UnfitCursor
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

MAX_PAGE = 100
QUEUE: Final = """
    SELECT * FROM reviews.review WHERE status = 'PENDING' AND (written_at, id) > ($1, $2)
    ORDER BY written_at, id LIMIT $3
"""
_FROM_THE_START: Final = "0001-01-02T00:00:00+00:00~00000000-0000-0000-0000-000000000000"


class ListModerationQueue(Command, frozen=True):
    """See what waits. `cursor` is `next` of the page before."""

    limit: int = 20
    cursor: str | None = None


@query(action="reviews.list_queue")
async def list_moderation_queue(command: ListModerationQueue, tx: Tx) -> QueuePage:
    """Moderators only."""
    at, _, review_id = (command.cursor or _FROM_THE_START).partition("~")
    limit = min(command.limit, MAX_PAGE)
    try:
        after = datetime.fromisoformat(at).astimezone(UTC), UUID(review_id)
    except (ValueError, OverflowError):
        raise UnfitCursor from None
    rows = await tx.all(QUEUE, *after, limit)
    last = rows[-1] if len(rows) == limit else None
    return QueuePage(
        items=[view(reviews.of(row)) for row in rows],
        next=f"{last['written_at'].isoformat()}~{last['id']}" if last else None,
    )
