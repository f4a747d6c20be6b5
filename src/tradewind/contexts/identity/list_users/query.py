"""Users for administrators, the newest first, and one of them."""

from typing import Final
from uuid import UUID

from tradewind.contexts.identity._store import accounts
from tradewind.contexts.identity.views import UserDetail, UserPage, detail
from tradewind.contracts.messages import Command
from tradewind.kernel.ids import MAX_ID
from tradewind.kernel.pages import LAST_MOMENT, Keyset, Moment
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

MAX_PAGE: Final = 100
NEWEST: Final = Keyset("users", tuple[Moment, UUID], (LAST_MOMENT, MAX_ID))


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
    """Refuses UnfitCursor."""
    limit = min(command.limit, MAX_PAGE)
    email = command.email and command.email.strip().lower()
    after = NEWEST.after(command.cursor)
    users = await accounts.page(tx, after, limit + 1, email=email, role=command.role)
    shown, next_ = NEWEST.page(users, limit, lambda user: (user.created_at, user.id))
    return UserPage(items=[detail(user) for user in shown], next=next_)
