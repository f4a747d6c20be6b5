"""What waits for a moderator, the longest waiting first."""

from typing import Final
from uuid import UUID

from tradewind.contexts.reviews._domain.views import QueuePage, view
from tradewind.contexts.reviews._store import reviews
from tradewind.contracts.messages import Command
from tradewind.kernel.pages import FIRST_MOMENT, Keyset, Moment
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

MAX_PAGE = 100
QUEUE: Final = """
    SELECT * FROM reviews.review WHERE status = 'PENDING' AND (written_at, id) > ($1, $2)
    ORDER BY written_at, id LIMIT $3
"""
OLDEST: Final = Keyset("moderation queue", tuple[Moment, UUID], (FIRST_MOMENT, UUID(int=0)))


class ListModerationQueue(Command, frozen=True):
    """See what waits. `cursor` is `next` of the page before."""

    limit: int = 20
    cursor: str | None = None


@query(action="reviews.list_queue")
async def list_moderation_queue(command: ListModerationQueue, tx: Tx) -> QueuePage:
    """Moderators only. Refuses UnfitCursor."""
    limit = min(command.limit, MAX_PAGE)
    rows = await tx.all(QUEUE, *OLDEST.after(command.cursor), limit + 1)
    shown, next_ = OLDEST.page(rows, limit, lambda row: (row["written_at"], row["id"]))
    return QueuePage(items=[view(reviews.of(row)) for row in shown], next=next_)
