"""Every role and what it may do."""

from tradewind.contexts.identity._domain.users import ROLES
from tradewind.contexts.identity.views import RoleList, role_view
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query


class ListRoles(Command, frozen=True, kw_only=True):
    """Which roles are there?"""


@query(action="identity.list_roles")
async def list_roles(command: ListRoles, tx: Tx) -> RoleList:
    """From the contract that tokens and policies are held against."""
    return RoleList(items=[role_view(ROLES[name]) for name in sorted(ROLES)])
