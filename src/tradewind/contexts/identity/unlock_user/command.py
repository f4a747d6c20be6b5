"""Forget the tries at a user's login."""

from uuid import UUID

from tradewind.contexts.identity._store import accounts, attempts
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class UnlockUser(Command, frozen=True, kw_only=True):
    """Let the user try to log in again."""

    user_id: UUID


@handler(action="identity.unlock_user")
async def unlock_user(command: UnlockUser, tx: Tx) -> None:
    """Refuses NoSuchUser; where nothing was locked, nothing is written."""
    user = await accounts.read(tx, command.user_id)
    if await attempts.forgive(tx, attempts.of_login(user.email), attempts.of_mail(user.email)):
        tx.audit("identity.unlock_user", str(user.id))
