"""GET /api/v1/roles."""

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.identity.list_roles.query import ListRoles
from tradewind.contexts.identity.views import RoleList


@get("/api/v1/roles")
async def list_roles_route(call: Call, dispatch: Dispatch) -> RoleList:
    """See every role and its permissions."""
    answer: RoleList = await dispatch(ListRoles(), call)
    return answer
