"""Messages, the newest first: from their documents, and from the rows what those have not heard of yet.

So a list is as the rows are, to the last change, wherever documents are kept. Where those are away, or far behind, the
rows answer alone; both have the same keys, so a cursor that one gave goes on in the other.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from tradewind.contexts.notifications._domain.messages import Status
from tradewind.contexts.notifications._store.documents import MESSAGES, changes, has, of_row, view
from tradewind.contexts.notifications._store.views import MessagePage
from tradewind.contracts.messages import Command
from tradewind.kernel.ids import MAX_ID
from tradewind.kernel.pages import LAST_MOMENT, Keyset, Moment
from tradewind.ports.documents import Document, Documents, DocumentsAway, Gone, Reached
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import Asking, outside, query
from tradewind.runtime.telemetry import metrics

MAX_PAGE = 100
MAX_NEWS: Final = 200
"""Changes that the documents may not have heard of yet; with more of them the rows answer alone."""
LIST: Final = """
    SELECT id, kind, channel, status, user_id, order_id, facts::text AS facts, why, attempt, log::text AS log,
           owed_at, due_at, settled_at, stamp
    FROM notifications.message
    WHERE (owed_at, id) < ($1, $2) AND ($4::text IS NULL OR user_id = $4)
        AND ($5::uuid IS NULL OR order_id = $5) AND ($6::text IS NULL OR status = $6)
    ORDER BY owed_at DESC, id DESC LIMIT $3
"""
NEWEST: Final = Keyset("messages", tuple[Moment, UUID], (LAST_MOMENT, MAX_ID))


class ListMessages(Command, frozen=True):
    """See what was written: to one user, of one order, or in one status, where any is named.

    `cursor` is `next` of the page before.
    """

    limit: int = 20
    cursor: str | None = None
    user_id: str | None = None
    order_id: UUID | None = None
    status: Status | None = None


class LookUpMessages(Command, frozen=True):
    """See `many` messages before a key that have these words, in the rows."""

    before: tuple[datetime, UUID]
    many: int
    words: Mapping[str, str]


class LookUpNews(Command, frozen=True):
    """See what has changed of messages since a place, in the rows."""

    after: Reached


@outside(action="notifications.list")
async def list_messages(command: ListMessages, ask: Asking) -> MessagePage:
    """Staff only. Refuses UnfitCursor."""
    limit = min(command.limit, MAX_PAGE)
    before, words = NEWEST.after(command.cursor), _words(command)
    found = await _found(ask, words, before, limit + 1)
    if found is None:
        metrics.documents_missed_total.inc()
        found = await ask(LookUpMessages(before=before, many=limit + 1, words=words))
    shown, next_ = NEWEST.page(found, limit, _key)
    return MessagePage(items=[view(one) for one in shown], next=next_)


@query(action="notifications.list")
async def look_up_messages(command: LookUpMessages, tx: Tx) -> Sequence[Document]:
    """Staff only."""
    words = command.words
    order_id = UUID(words["orderId"]) if "orderId" in words else None
    rows = await tx.all(LIST, *command.before, command.many, words.get("userId"), order_id, words.get("status"))
    return [of_row(row) for row in rows]


@query(action="notifications.list")
async def look_up_news(command: LookUpNews, tx: Tx) -> Sequence[Document | Gone]:
    """Staff only. One more than MAX_NEWS at most."""
    return await changes(tx, command.after, MAX_NEWS + 1)


def _words(command: ListMessages) -> Mapping[str, str]:
    named = {"userId": command.user_id, "orderId": command.order_id, "status": command.status}
    return {name: str(value) for name, value in named.items() if value is not None}


async def _found(
    ask: Asking, words: Mapping[str, str], before: tuple[datetime, UUID], many: int
) -> Sequence[Document] | None:
    """None where the documents are away, or too much has changed since.

    The place first and the news last: so of whatever the documents say too early or too late, the news say more.
    """
    documents = ask.peer(Documents)
    try:
        reached = await documents.reached(MESSAGES)
        kept = await documents.find(MESSAGES, words, before, many + MAX_NEWS)
    except DocumentsAway:
        return None
    news: Sequence[Document | Gone] = await ask(LookUpNews(after=reached))
    if len(news) > MAX_NEWS:
        return None
    changed = {one.id: one for one in news}
    fresh = [one for one in changed.values() if isinstance(one, Document) and has(one, words) and _key(one) < before]
    unchanged = [one for one in kept if one.id not in changed]
    return sorted([*fresh, *unchanged], key=_key, reverse=True)[:many]


def _key(one: Document) -> tuple[datetime, UUID]:
    return one.at, one.id
