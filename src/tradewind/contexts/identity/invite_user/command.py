"""An administrator makes an account; its owner chooses the password, by mail, and so proves the address."""

from typing import Final

from tradewind.contexts.identity._domain import mails, passwords
from tradewind.contexts.identity._domain.users import checked_roles
from tradewind.contexts.identity._store import accounts, mail_tokens
from tradewind.contexts.identity._store.mail_tokens import Purpose
from tradewind.contexts.identity.send_mail import saga
from tradewind.contexts.identity.views import UserView, view
from tradewind.contracts.identity import TokenIssuer, UserRegistered
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Conflict
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler

CHOOSE_WITHIN_D: Final = 7


class AddressTaken(Conflict):
    """There is a user with this address; give that one the roles."""


class InviteUser(Command, frozen=True, kw_only=True):
    """Make an account for the owner of `email` (in normal form)."""

    email: str
    roles: tuple[str, ...]


@handler(action="identity.invite_user")
async def invite_user(command: InviteUser, tx: Tx) -> UserView:
    """Refuses AddressTaken and UnknownRole. Nobody can log in until the password is chosen."""
    roles, user_id = checked_roles(command.roles), new_id()
    if not await accounts.add(tx, command.email, passwords.NOBODY, roles, id=user_id, tenant=tx.call.actor.tenant):
        raise AddressTaken
    user = await accounts.lock_one(tx, user_id)
    token = await mail_tokens.issue(tx, user_id, Purpose.RESET_PASSWORD, CHOOSE_WITHIN_D * 86_400.0)
    saga.queue(tx, user_id, user.email, mails.invitation(token, tx.peer(TokenIssuer).issuer, CHOOSE_WITHIN_D))
    tx.tell(UserRegistered(user_id=str(user_id)))
    tx.audit("identity.invite_user", str(user_id), roles=roles)
    return view(user)
