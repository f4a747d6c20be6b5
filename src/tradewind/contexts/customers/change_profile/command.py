"""Change one's own profile."""

from tradewind.contexts.customers._domain.profile import Changes
from tradewind.contexts.customers._domain.views import ProfileView, of_profile
from tradewind.contexts.customers._store import profiles
from tradewind.contracts.customers import CustomerUpdated
from tradewind.contracts.messages import Command
from tradewind.kernel.versions import expect
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class ChangeProfile(Command, frozen=True):
    """`changes` to the version that was looked at; None: to whichever there is."""

    changes: Changes
    expected: int | None = None


@handler(action="customers.change")
async def change_profile(command: ChangeProfile, tx: Tx) -> ProfileView:
    """Nothing is written or told where nothing differs. Refuses Outdated and InvalidProfile."""
    me = tx.call.actor.subject
    profile = await profiles.hold(tx, me)
    expect(command.expected, profile.version)
    after, different = profile.changed(command.changes, await profiles.preference(tx, me))
    if different:
        after = await profiles.save(tx, after)
        tx.audit("customers.change", me, changed=list(different))
        tx.tell(CustomerUpdated(customer_id=me, changed=different))
    return of_profile(after)
