"""Change one's password: the one before must be shown, other sessions end, this one stays."""

from uuid import UUID

from tradewind.contexts.identity._domain import mails
from tradewind.contexts.identity._domain.users import NoSuchUser, User
from tradewind.contexts.identity._store import accounts, attempts, mail_tokens, sessions
from tradewind.contexts.identity._store.accounts import SET_HASH
from tradewind.contexts.identity.own import session_of, user_id_of
from tradewind.contexts.identity.send_mail import saga
from tradewind.contracts.identity import TokenIssuer
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Conflict, Invalid
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler, query


class WrongPassword(Invalid):
    """The current password is another one."""


class ChangedMeanwhile(Conflict):
    """The password was changed by somebody else just now."""


class GetOwnUser(Command, frozen=True, kw_only=True):
    """Who am I?"""


class ChangePassword(Command, frozen=True, kw_only=True):
    """`current_hash` is what the current password was held against."""

    current_hash: str
    new_hash: str


@query(action="identity.change_password")
async def get_own_user(command: GetOwnUser, tx: Tx) -> User:
    """The caller's account; refuses NoSuchUser where the caller has none."""
    user_id: UUID | None = user_id_of(tx.call.actor)
    if user_id is None:
        raise NoSuchUser
    return await accounts.read(tx, user_id)


@handler(action="identity.change_password")
async def change_password(command: ChangePassword, tx: Tx) -> None:
    """Refuses ChangedMeanwhile where the account is not as it was when the current password was shown."""
    user_id = user_id_of(tx.call.actor)
    user = await accounts.lock_one(tx, user_id) if user_id else None
    if user is None or not user.active or user.password_hash != command.current_hash:
        raise ChangedMeanwhile
    await tx.run(SET_HASH, user.id, command.new_hash)
    await mail_tokens.void(tx, user.id, mail_tokens.Purpose.RESET_PASSWORD)
    await attempts.forgive(tx, attempts.of_login(user.email))
    ended = await sessions.end(tx, user.id, all_but=session_of(tx.call.actor))
    saga.queue(tx, user.id, user.email, mails.password_changed(tx.peer(TokenIssuer).issuer))
    tx.audit("identity.change_password", str(user.id), sessions_ended=len(ended))
