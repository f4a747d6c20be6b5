"""What the shop knows of the caller's account."""

from tradewind.contexts.identity._domain.users import NoSuchUser
from tradewind.contexts.identity._store import accounts
from tradewind.contexts.identity.own import user_id_of
from tradewind.contexts.identity.views import UserInfo
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query


class GetOwnAccount(Command, frozen=True, kw_only=True):
    """Who am I?"""


@query(action="identity.get_own_account")
async def get_own_account(command: GetOwnAccount, tx: Tx) -> UserInfo:
    """Refuses NoSuchUser where the caller has no account."""
    user_id = user_id_of(tx.call.actor)
    if user_id is None:
        raise NoSuchUser
    user = await accounts.read(tx, user_id)
    return UserInfo(
        sub=str(user.id),
        email=user.email,
        email_verified=user.email_verified_at is not None,
        roles=user.roles,
        tenant=user.tenant,
    )
