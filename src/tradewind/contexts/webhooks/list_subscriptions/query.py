"""Every subscription, the oldest first."""

from typing import Final
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.webhooks._domain.subscription import SubscriptionView
from tradewind.contexts.webhooks._store import subscriptions
from tradewind.contracts.messages import Command
from tradewind.kernel.pages import Keyset
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

MAX_PAGE: Final = 100
OLDEST: Final = Keyset("webhook subscriptions", UUID, UUID(int=0))


class SubscriptionPage(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Some subscriptions. `next` leads to those that follow."""

    items: list[SubscriptionView]
    next: str | None = None


class ListSubscriptions(Command, frozen=True):
    """See them all. `cursor` is `next` of the page before."""

    limit: int = 20
    cursor: str | None = None


@query(action="webhooks.manage")
async def list_subscriptions(command: ListSubscriptions, tx: Tx) -> SubscriptionPage:
    """Refuses UnfitCursor."""
    limit = min(command.limit, MAX_PAGE)
    rows = await tx.all(subscriptions.LIST, OLDEST.after(command.cursor), limit + 1)
    shown, next_ = OLDEST.page(rows, limit, lambda row: row["id"])
    return SubscriptionPage(items=[subscriptions.view(row) for row in shown], next=next_)
