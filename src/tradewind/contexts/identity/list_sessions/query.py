"""One's own sessions that are alive, the newest first."""

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.identity._store import sessions
from tradewind.contexts.identity.own import session_of, user_id_of
from tradewind.contracts.messages import Command
from tradewind.kernel.ids import MAX_ID
from tradewind.kernel.pages import Keyset
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

MAX_PAGE: Final = 100
NEWEST: Final = Keyset("sessions", UUID, MAX_ID)


class ListSessions(Command, frozen=True, kw_only=True):
    """Where am I logged in? `cursor` is `next` of the page before."""

    limit: int = 20
    cursor: str | None = None


class SessionView(Struct, frozen=True, kw_only=True, rename="camel"):
    """A login. `device` is what the client called itself; `last_used_at` is when it last got a fresh token."""

    id: UUID
    device: str
    scope: str
    opened_at: datetime
    last_used_at: datetime
    expires_at: datetime
    current: bool


class SessionPage(Struct, frozen=True, kw_only=True, rename="camel"):
    """Some sessions, and where the next ones begin."""

    items: list[SessionView]
    next: str | None


@query(action="identity.list_sessions")
async def list_sessions(command: ListSessions, tx: Tx) -> SessionPage:
    """Only the caller's own; who has no account has none. Refuses UnfitCursor."""
    before, limit = NEWEST.after(command.cursor), min(command.limit, MAX_PAGE)
    user_id = user_id_of(tx.call.actor)
    if user_id is None:
        return SessionPage(items=[], next=None)
    rows = await tx.all(sessions.OWN, user_id, before, limit + 1)
    shown, next_ = NEWEST.page(rows, limit, lambda row: row["id"])
    here = session_of(tx.call.actor)
    items = [
        SessionView(
            id=row["id"],
            device=row["device"],
            scope=" ".join(row["scopes"]),
            opened_at=row["opened_at"],
            last_used_at=row["last_used_at"],
            expires_at=row["expires_at"],
            current=row["id"] == here,
        )
        for row in shown
    ]
    return SessionPage(items=items, next=next_)
