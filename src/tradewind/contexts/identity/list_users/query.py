"""Users for administrators, the newest first, and one of them."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from tradewind.contexts.identity._store import accounts
from tradewind.contexts.identity.views import UserDetail, UserPage, detail
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Invalid
from tradewind.kernel.ids import MAX_ID
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

MAX_PAGE: Final = 100
_FROM_THE_START: Final = "9999-12-31T00:00:00+00:00"


class UnfitUserCursor(Invalid):
    """The cursor is none that this list gave."""


class GetUser(Command, frozen=True, kw_only=True):
    """See one user."""

    user_id: UUID


class ListUsers(Command, frozen=True, kw_only=True):
    """See users; those of one address or one role, where named. `cursor` is `next` of the page before."""

    limit: int = 20
    cursor: str | None = None
    email: str | None = None
    role: str | None = None


@query(action="identity.get_user")
async def get_user(command: GetUser, tx: Tx) -> UserDetail:
    """Refuses NoSuchUser."""
    return detail(await accounts.read(tx, command.user_id))


@query(action="identity.list_users")
async def list_users(command: ListUsers, tx: Tx) -> UserPage:
    """Refuses UnfitUserCursor."""
    limit = min(command.limit, MAX_PAGE)
    email = command.email and command.email.strip().lower()
    users = await accounts.page(tx, _read(command.cursor), limit, email=email, role=command.role)
    last = users[-1] if len(users) == limit else None
    return UserPage(
        items=[detail(user) for user in users], next=f"{last.created_at.isoformat()}~{last.id}" if last else None
    )


def _read(cursor: str | None) -> tuple[datetime, UUID]:
    at, _, user_id = (cursor or f"{_FROM_THE_START}~{MAX_ID}").partition("~")
    try:
        return datetime.fromisoformat(at).astimezone(UTC), UUID(user_id)
    except (ValueError, OverflowError):  # in UTC, some moments lie outside of all calendars
        raise UnfitUserCursor from None
