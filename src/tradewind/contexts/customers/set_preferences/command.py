"""Say how one likes to be spoken to, and on which channels about offers."""

from tradewind.contexts.customers._domain.contacts import Channel
from tradewind.contexts.customers._domain.views import PreferenceView, of_preference
from tradewind.contexts.customers._store import profiles
from tradewind.contracts.customers import CustomerUpdated
from tradewind.contracts.messages import Command
from tradewind.kernel.clock import now
from tradewind.kernel.versions import expect
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class SetPreferences(Command, frozen=True):
    """The whole of them, in place of the version that was looked at."""

    preferred_channel: Channel | None
    marketing: frozenset[Channel]
    expected: int | None = None


@handler(action="customers.change")
async def set_preferences(command: SetPreferences, tx: Tx) -> PreferenceView:
    """An agreement is kept with its time; the trail says which were given or taken back. Refuses InvalidProfile."""
    me = tx.call.actor.subject
    profile = await profiles.hold(tx, me)
    before = await profiles.preference(tx, me)
    expect(command.expected, before.version)
    after = before.changed(profile, command.preferred_channel, command.marketing, now())
    if after is not before:
        await profiles.save_preference(tx, after)
        tx.audit("customers.set_preferences", me, marketing=sorted(after.marketing))
        tx.tell(CustomerUpdated(customer_id=me, changed=("preferences",)))
    return of_preference(after)
