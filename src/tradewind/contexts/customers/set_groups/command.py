"""Put a customer into groups, by which prices may differ (U-14)."""

from typing import Final

from tradewind.contexts.customers._domain.profile import NoSuchCustomer
from tradewind.contexts.customers._domain.views import GroupsView
from tradewind.contexts.customers._store import groups, profiles
from tradewind.contracts.customers import CustomerUpdated
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler

MAX_GROUPS: Final = 20


class SetGroups(Command, frozen=True):
    """These groups and no other."""

    user_id: str
    groups: frozenset[str]


@handler(action="customers.groups")
async def set_groups(command: SetGroups, tx: Tx) -> GroupsView:
    """Only who has a profile can be in a group; refuses NoSuchCustomer."""
    if await profiles.read(tx, command.user_id) is None:
        raise NoSuchCustomer
    await profiles.hold(tx, command.user_id)
    before = await groups.of(tx, command.user_id)
    wanted = tuple(sorted(command.groups))
    if wanted != before:
        await groups.put(tx, command.user_id, wanted, tx.call.actor.subject)
        tx.audit("customers.set_groups", command.user_id, was=list(before), now=list(wanted))
        tx.tell(CustomerUpdated(customer_id=command.user_id, changed=("groups",)))
    return GroupsView(user_id=command.user_id, groups=wanted)
