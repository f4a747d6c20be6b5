"""Administrators decide about others: both are locked, so that no two throw each other out at once."""

from uuid import UUID

from tradewind.contexts.identity._domain.users import NoSuchUser, User
from tradewind.contexts.identity._store import accounts
from tradewind.contexts.identity.own import user_id_of
from tradewind.kernel.errors import Forbidden
from tradewind.runtime.database import Tx


async def decide_about(tx: Tx, user_id: UUID) -> User:
    """The user, locked; refuses NoSuchUser, OwnAccount, and Forbidden where the caller is no administrator any more."""
    by = user_id_of(tx.call.actor)
    found = await accounts.lock(tx, {user_id, by or user_id})
    if user_id not in found:
        raise NoSuchUser
    caller = found.get(by) if by else None
    if caller and not (caller.active and "admin" in caller.roles):
        raise Forbidden
    return found[user_id].decided(tx.call.actor.subject)
