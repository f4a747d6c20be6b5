"""What staff sees of messages."""

from datetime import datetime
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


class LogEntry(Struct, frozen=True, kw_only=True):
    """What became of a message at some moment, and why where that is not plain: sent, or owed still after a try."""

    at: datetime
    status: str
    why: str | None
