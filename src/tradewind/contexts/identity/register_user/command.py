"""Make an account, or tell the owner of the address that there is one. Whoever registers sees no difference.

Where the address has an account that nobody has proved yet, another mail goes out. Its code carries the password that
was chosen *this* time: whoever reads the mail gets the account with their own password, and nobody else keeps it.
"""

from typing import Final

from tradewind.contexts.identity._domain import mails
from tradewind.contexts.identity._domain.users import User
from tradewind.contexts.identity._store import accounts, attempts, mail_tokens
from tradewind.contexts.identity._store.mail_tokens import Purpose
from tradewind.contexts.identity.issue_token.command import merge_guest
from tradewind.contexts.identity.send_mail import saga
from tradewind.contracts.identity import TokenIssuer, UserRegistered
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Stale
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler

VERIFY_WITHIN_H: Final = 48
MAX_MAILS: Final = 5
"""Mails that one address is sent within MAILS_WINDOW_S because somebody asked, whoever asks from wherever."""
MAILS_WINDOW_S: Final = 3600.0


class RegisterUser(Command, frozen=True, kw_only=True):
    """Somebody says that `email` (in normal form) is theirs."""

    email: str
    password_hash: str
    guest_token: str | None = None


@handler(action="identity.register_user")
async def register_user(command: RegisterUser, tx: Tx) -> None:
    """Of two who register an address at once, one makes the account; both are answered alike."""
    tenant = tx.call.actor.tenant
    added = await accounts.add(tx, command.email, command.password_hash, ("customer",), id=new_id(), tenant=tenant)
    user = await accounts.lock_login(tx, command.email)
    if user is None:  # it was there a moment ago, and was erased
        raise Stale
    if added:
        tx.tell(UserRegistered(user_id=str(user.id)))
        tx.audit("identity.register_user", str(user.id))
        merge_guest(tx, user, command.guest_token)
    else:
        tx.audit("identity.register_user_again", str(user.id))
    if await may_be_written_to(tx, user):
        await _write(tx, user, command.password_hash)


async def may_be_written_to(tx: Tx, user: User) -> bool:
    """Whether one more mail may go out, and whether anybody would read it. It counts."""
    asked, _ = await attempts.count(tx, attempts.of_mail(user.email), MAILS_WINDOW_S)
    return asked <= MAX_MAILS and user.active


async def _write(tx: Tx, user: User, password_hash: str) -> None:
    issuer = tx.peer(TokenIssuer).issuer
    if user.email_verified_at is not None:
        saga.queue(tx, user.id, user.email, mails.already_registered(issuer))
        return
    token = await mail_tokens.issue(
        tx, user.id, Purpose.VERIFY_EMAIL, VERIFY_WITHIN_H * 3600.0, password_hash=password_hash
    )
    saga.queue(tx, user.id, user.email, mails.verify_email(token, issuer, VERIFY_WITHIN_H))
