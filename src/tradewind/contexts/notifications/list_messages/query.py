"""Messages, the newest first."""

from typing import Final
from uuid import UUID

from tradewind.contexts.notifications._store.views import MessagePage, of_message
from tradewind.contracts.messages import Command
from tradewind.kernel.ids import MAX_ID
from tradewind.kernel.pages import LAST_MOMENT, Keyset, Moment
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

MAX_PAGE = 100
LIST: Final = """
    SELECT id, kind, channel, status, user_id, order_id, attempt, why, owed_at, due_at, settled_at
    FROM notifications.message WHERE (owed_at, id) < ($1, $2) ORDER BY owed_at DESC, id DESC LIMIT $3
"""
NEWEST: Final = Keyset("messages", tuple[Moment, UUID], (LAST_MOMENT, MAX_ID))


class ListMessages(Command, frozen=True):
    """See what was written. `cursor` is `next` of the page before."""

    limit: int = 20
    cursor: str | None = None


@query(action="notifications.list")
async def list_messages(command: ListMessages, tx: Tx) -> MessagePage:
    """Staff only. Refuses UnfitCursor."""
    limit = min(command.limit, MAX_PAGE)
    rows = await tx.all(LIST, *NEWEST.after(command.cursor), limit + 1)
    shown, next_ = NEWEST.page(rows, limit, lambda row: (row["owed_at"], row["id"]))
    return MessagePage(items=[of_message(row) for row in shown], next=next_)
