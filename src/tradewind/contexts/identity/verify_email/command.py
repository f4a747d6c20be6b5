"""A code from a mail proves the address that the mail went to."""

from tradewind.contexts.identity._domain.users import User
from tradewind.contexts.identity._store import accounts, mail_tokens, sessions
from tradewind.contexts.identity._store.accounts import PROVE, SET_HASH
from tradewind.contexts.identity._store.mail_tokens import MailTokenInvalid, Purpose
from tradewind.contracts.identity import EmailProved
from tradewind.contracts.messages import Command
from tradewind.contracts.privacy import Pseudonyms
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class VerifyEmail(Command, frozen=True, kw_only=True):
    """Show the code that a mail brought."""

    token: str


@handler(action="identity.verify_email")
async def verify_email(command: VerifyEmail, tx: Tx) -> None:
    """Refuses MailTokenInvalid.

    Where the account was made with another password than the one that this mail's reader chose, it was made by somebody
    else: the reader's password holds from now on, and sessions under the other one end.
    """
    user_id = await mail_tokens.owner(tx, command.token, Purpose.VERIFY_EMAIL)
    user = await accounts.lock_one(tx, user_id)
    spent = await mail_tokens.spend(tx, command.token, Purpose.VERIFY_EMAIL)
    if not user.active or user.email_verified_at is not None:
        raise MailTokenInvalid(pointer="/token")
    if spent.password_hash not in (None, user.password_hash):
        await tx.run(SET_HASH, user.id, spent.password_hash)
        await sessions.end(tx, user.id)
    await prove(tx, user)


async def prove(tx: Tx, user: User) -> None:
    """The address is the user's, who is locked; told once."""
    if user.email_verified_at is not None:
        return
    await tx.run(PROVE, user.id)
    await mail_tokens.void(tx, user.id, Purpose.VERIFY_EMAIL)
    digest = tx.peer(Pseudonyms).of(user.email)
    tx.tell(EmailProved(user_id=str(user.id), email_digest=digest))
    tx.audit("identity.prove_email", str(user.id))
