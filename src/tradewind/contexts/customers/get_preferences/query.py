"""Look at how one likes to be spoken to."""

from tradewind.contexts.customers._domain.views import PreferenceView, of_preference
from tradewind.contexts.customers._store import profiles
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query


class GetPreferences(Command, frozen=True):
    """One's own."""


@query(action="customers.get")
async def get_preferences(command: GetPreferences, tx: Tx) -> PreferenceView:
    """Version 0 where they were never said: no channel preferred, no offers wanted."""
    return of_preference(await profiles.preference(tx, tx.call.actor.subject))
