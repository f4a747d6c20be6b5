"""Disable an account: no login, and no session from now on. Enable it: logins again."""

from uuid import UUID

from tradewind.contexts.identity._store import accounts, mail_tokens, sessions
from tradewind.contexts.identity._store.accounts import DISABLE, ENABLE
from tradewind.contexts.identity.deciding import decide_about
from tradewind.contexts.identity.views import UserView, view
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class DisableUser(Command, frozen=True, kw_only=True):
    """Keep the user out."""

    user_id: UUID


class EnableUser(Command, frozen=True, kw_only=True):
    """Let the user in again."""

    user_id: UUID


@handler(action="identity.disable_user")
async def disable_user(command: DisableUser, tx: Tx) -> UserView:
    """Ends every session, and mails' codes. Refuses NoSuchUser and OwnAccount; one who is out stays out."""
    user = await decide_about(tx, command.user_id)
    if user.active:
        await tx.run(DISABLE, user.id)
        await mail_tokens.void(tx, user.id)
        ended = await sessions.end(tx, user.id)
        tx.audit("identity.disable_user", str(user.id), sessions_ended=len(ended))
    return view(await accounts.read(tx, user.id))


@handler(action="identity.enable_user")
async def enable_user(command: EnableUser, tx: Tx) -> UserView:
    """Refuses NoSuchUser and OwnAccount."""
    user = await decide_about(tx, command.user_id)
    if not user.active:
        await tx.run(ENABLE, user.id)
        tx.audit("identity.enable_user", str(user.id))
    return view(await accounts.read(tx, user.id))
