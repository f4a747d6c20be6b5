"""Look at the groups that a customer is in."""

from tradewind.contexts.customers._domain.views import GroupsView
from tradewind.contexts.customers._store import groups
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query


class GetGroups(Command, frozen=True):
    """Of whom."""

    user_id: str


@query(action="customers.groups")
async def get_groups(command: GetGroups, tx: Tx) -> GroupsView:
    """For staff."""
    return GroupsView(user_id=command.user_id, groups=await groups.of(tx, command.user_id))
