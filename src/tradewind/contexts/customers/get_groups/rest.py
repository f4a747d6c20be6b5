"""GET /api/v1/customers/{customer_id}/groups."""

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.customers._domain.views import GroupsView
from tradewind.contexts.customers.get_groups.query import GetGroups


@get("/api/v1/customers/{customer_id}/groups")
async def get_customer_groups(customer_id: str, call: Call, dispatch: Dispatch) -> GroupsView:
    """See the groups that a customer is in, whose prices are theirs. For staff."""
    answer: GroupsView = await dispatch(GetGroups(user_id=customer_id), call)
    return answer
