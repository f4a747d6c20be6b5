"""Look at a profile: one's own, or anybody's for support."""

from tradewind.contexts.customers._domain.profile import NoSuchCustomer, Profile
from tradewind.contexts.customers._domain.views import ProfileView, of_profile
from tradewind.contexts.customers._store import profiles
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query


class GetProfile(Command, frozen=True):
    """Whose profile; one's own where nobody is named."""

    user_id: str | None = None


@query(action="customers.get")
async def get_profile(command: GetProfile, tx: Tx) -> ProfileView:
    """One's own is there before it is written, as version 0. Somebody else's looks to shoppers like none at all."""
    me = tx.call.actor.subject
    whose = command.user_id or me
    if not tx.allows("customers.get", owner=whose == me):
        raise NoSuchCustomer
    profile = await profiles.read(tx, whose)
    if profile is None and command.user_id is not None:
        raise NoSuchCustomer
    return of_profile(profile or Profile(user_id=me))
