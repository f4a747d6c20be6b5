"""Lists of messages as staff sees them, their documents and their rows."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tests.posts import Post
from tests.shops import Shop, a_call, until
from tradewind.contexts.notifications._store.documents import MESSAGES, of_row
from tradewind.contexts.notifications._store.views import MessageView
from tradewind.contexts.notifications.list_messages.query import ListMessages
from tradewind.contexts.notifications.spread_messages.timer import bring_on
from tradewind.contracts.orders import OrderConfirmed
from tradewind.kernel.ids import MAX_ID
from tradewind.kernel.money import Money
from tradewind.kernel.pages import LAST_MOMENT
from tradewind.ports.documents import Document, Documents

SETTLED: Final = """
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint > coalesce(max(stamp), 0)
    FROM (SELECT stamp FROM notifications.message UNION ALL SELECT stamp FROM notifications.gone) AS those
"""
ROWS: Final = "SELECT * FROM notifications.message ORDER BY owed_at DESC, id DESC"


def confirmed(order_id: Any, user_id: str = "ada") -> OrderConfirmed:
    """An order of theirs is."""
    return OrderConfirmed(order_id=order_id, user_id=user_id, total_amount=Money(1250, "EUR").amount, currency="EUR")


async def owes(post: Post, many: int, user_id: str = "ada") -> None:
    """So many messages are owed to somebody with an address."""
    await post.hears(
        *[confirmed(await post.order(user_id, email=f"{user_id}@example.org"), user_id) for _ in range(many)]
    )


async def listed(shop: Shop, limit: int = 7, **wanted: Any) -> list[MessageView]:
    """All pages together."""
    shown, cursor = list[MessageView](), None
    while True:
        page = await shop.dispatch(ListMessages(limit=limit, cursor=cursor, **wanted), a_call("support"))
        shown += page.items
        if (cursor := page.next) is None:
            return shown


async def rows(shop: Shop) -> list[Document]:
    """What the rows say."""
    return [of_row(row) for row in await shop.db.pool.fetch(ROWS)]


async def kept(documents: Documents, words: Mapping[str, str] | None = None) -> Sequence[Document]:
    """What the documents say."""
    return list(await documents.find(MESSAGES, words or {}, (LAST_MOMENT, MAX_ID), 1_000))


async def settled(shop: Shop) -> None:
    """All changes may be brought: other tests of this Postgres have no older transactions open."""
    await until(shop, lambda: shop.db.pool.fetchval(SETTLED))


async def bring_all(shop: Shop, documents: Documents, batch: int = 1_000) -> None:
    """Until nothing is left to bring, whatever other tests have open."""
    await settled(shop)
    await bring_what_may_be(shop, documents, batch)


async def bring_what_may_be(shop: Shop, documents: Documents, batch: int = 1_000) -> None:
    """Until nothing is left that no open transaction could still come before."""
    while await bring_on(shop.db, documents, batch=batch):
        pass
