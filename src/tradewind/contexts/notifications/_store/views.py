"""What staff sees of messages."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct


class MessageView(Struct, frozen=True, kw_only=True, rename="camel"):
    """A message: what it is about, for whom, and how far it came. No address and no text."""

    id: UUID
    kind: str
    channel: str
    status: str
    user_id: str
    order_id: UUID | None
    attempts: int
    why: str | None
    owed_at: datetime
    due_at: datetime
    settled_at: datetime | None


class MessagePage(Struct, frozen=True, kw_only=True):
    """Messages, the newest first. `next` is the cursor of the page after, where there is one."""

    items: list[MessageView]
    next: str | None = None


def of_message(row: Any) -> MessageView:
    """A row as staff sees it."""
    return MessageView(
        id=row["id"],
        kind=row["kind"],
        channel=row["channel"],
        status=row["status"],
        user_id=row["user_id"],
        order_id=row["order_id"],
        attempts=row["attempt"],
        why=row["why"],
        owed_at=row["owed_at"],
        due_at=row["due_at"],
        settled_at=row["settled_at"],
    )
