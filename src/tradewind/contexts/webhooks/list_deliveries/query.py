"""What was sent to a partner, with every attempt; what was taken is kept for a month."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from tradewind.contexts.webhooks._store import deliveries, subscriptions
from tradewind.contracts.messages import Command
from tradewind.kernel.pages import Keyset
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

MAX_PAGE: Final = 100
BY_SEQUENCE: Final = Keyset("webhook deliveries", int, 0)


class Attempt(Struct, frozen=True, kw_only=True, rename="camel"):
    """One try. `outcome` says what the partner answered, or that it did not."""

    attempt: int
    at: datetime
    status_code: int | None
    outcome: str


class DeliveryView(Struct, frozen=True, kw_only=True, rename="camel"):
    """One message. Numbers of a subscription have no gaps: one that is missing at the partner was lost on the way."""

    sequence: int
    event_id: UUID
    type: str
    key: str
    status: str
    attempts: int
    due_at: datetime
    settled_at: datetime | None
    reason: str
    log: list[Attempt]


class DeliveryPage(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Some messages. `next` leads to those that follow."""

    items: list[DeliveryView]
    next: str | None = None


class ListDeliveries(Command, frozen=True):
    """See them in order. `cursor` is `next` of the page before."""

    subscription_id: UUID
    limit: int = 20
    cursor: str | None = None


@query(action="webhooks.manage")
async def list_deliveries(command: ListDeliveries, tx: Tx) -> DeliveryPage:
    """Refuses NoSuchSubscription, UnfitCursor."""
    after, limit = BY_SEQUENCE.after(command.cursor), min(command.limit, MAX_PAGE)
    found = await subscriptions.read(tx, command.subscription_id)
    rows = await tx.all(deliveries.PAGE, found.id, after, limit + 1)
    shown, next_ = BY_SEQUENCE.page(rows, limit, lambda row: row["sequence"])
    return DeliveryPage(items=[_view(row) for row in shown], next=next_)


def _view(row: Any) -> DeliveryView:
    said = dict(row)
    attempts = msgspec.json.decode(said.pop("log"), type=list[Attempt])
    return DeliveryView(**said, log=attempts)
