"""Ask for a mail, and choose a new password with the code in it. Who asks is not told whether there is an account."""

from typing import Final

from tradewind.contexts.identity._domain import mails
from tradewind.contexts.identity._domain.users import User
from tradewind.contexts.identity._store import accounts, attempts, mail_tokens, sessions
from tradewind.contexts.identity._store.accounts import SET_HASH
from tradewind.contexts.identity._store.mail_tokens import MailTokenInvalid, Purpose
from tradewind.contexts.identity.register_user.command import MAILS_WINDOW_S, MAX_MAILS
from tradewind.contexts.identity.send_mail import saga
from tradewind.contexts.identity.verify_email.command import prove
from tradewind.contracts.identity import TokenIssuer
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler

RESET_WITHIN_MIN: Final = 30


class AskForReset(Command, frozen=True, kw_only=True):
    """Somebody forgot the password of the account with this address (in normal form)."""

    email: str


class CheckReset(Command, frozen=True, kw_only=True):
    """Whose code is this? Asked before the new password is hashed."""

    token: str


class ResetPassword(Command, frozen=True, kw_only=True):
    """The code's reader chose a new password."""

    token: str
    password_hash: str


@handler(action="identity.ask_for_reset")
async def ask_for_reset(command: AskForReset, tx: Tx) -> None:
    """Write to the address if it has an account. It is counted, and so written, for every address alike."""
    asked, _ = await attempts.count(tx, attempts.of_mail(command.email), MAILS_WINDOW_S)
    user = await accounts.lock_login(tx, command.email)
    if asked > MAX_MAILS or user is None or not user.active:
        return
    token = await mail_tokens.issue(tx, user.id, Purpose.RESET_PASSWORD, RESET_WITHIN_MIN * 60.0)
    saga.queue(tx, user.id, user.email, mails.reset_password(token, tx.peer(TokenIssuer).issuer, RESET_WITHIN_MIN))
    tx.audit("identity.ask_for_reset", str(user.id))


@handler(action="identity.check_reset")
async def check_reset(command: CheckReset, tx: Tx) -> User:
    """The user; refuses MailTokenInvalid."""
    return await accounts.read(tx, await mail_tokens.owner(tx, command.token, Purpose.RESET_PASSWORD))


@handler(action="identity.reset_password")
async def reset_password(command: ResetPassword, tx: Tx) -> None:
    """Ends every session, forgives the tries at the login, and proves the address: its reader is here."""
    user = await accounts.lock_one(tx, await mail_tokens.owner(tx, command.token, Purpose.RESET_PASSWORD))
    await mail_tokens.spend(tx, command.token, Purpose.RESET_PASSWORD)
    if not user.active:
        raise MailTokenInvalid(pointer="/token")
    await tx.run(SET_HASH, user.id, command.password_hash)
    await mail_tokens.void(tx, user.id)
    await attempts.forgive(tx, attempts.of_login(user.email))
    ended = await sessions.end(tx, user.id)
    await prove(tx, user)
    saga.queue(tx, user.id, user.email, mails.password_changed(tx.peer(TokenIssuer).issuer))
    tx.audit("identity.reset_password", str(user.id), sessions_ended=len(ended))
