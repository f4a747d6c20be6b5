"""Give a user exactly these roles. Their sessions end: tokens say roles, and what they say must be so at once."""

from uuid import UUID

from tradewind.contexts.identity._store import accounts, sessions
from tradewind.contexts.identity._store.accounts import SET_ROLES
from tradewind.contexts.identity.deciding import decide_about
from tradewind.contexts.identity.views import UserView, view
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class SetRoles(Command, frozen=True, kw_only=True):
    """These and no others."""

    user_id: UUID
    roles: tuple[str, ...]


@handler(action="identity.set_roles")
async def set_roles(command: SetRoles, tx: Tx) -> UserView:
    """Refuses NoSuchUser, UnknownRole, RolesAreOutside and OwnAccount. Where nothing changes, nothing is written."""
    user = await decide_about(tx, command.user_id)
    after = user.given(command.roles, by=tx.call.actor.subject)
    if set(after.roles) != set(user.roles):
        await tx.run(SET_ROLES, user.id, list(after.roles))
        ended = await sessions.end(tx, user.id)
        tx.audit("identity.set_roles", str(user.id), before=user.roles, after=after.roles, sessions_ended=len(ended))
    return view(await accounts.read(tx, user.id))
