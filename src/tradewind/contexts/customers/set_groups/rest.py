"""PUT /api/v1/customers/{customer_id}/groups."""

from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, put
from tradewind.contexts.customers._domain.profile import NoSuchCustomer
from tradewind.contexts.customers._domain.views import GroupsView
from tradewind.contexts.customers.set_groups.command import MAX_GROUPS, SetGroups


class NewGroups(Body, frozen=True):
    """All the groups that the customer is to be in, by name."""

    groups: Annotated[list[Annotated[str, Meta(pattern="^[a-z][a-z0-9-]{0,63}$")]], Meta(max_length=MAX_GROUPS)]


@put("/api/v1/customers/{customer_id}/groups", raises=(NoSuchCustomer,))
async def set_customer_groups(customer_id: str, body: NewGroups, call: Call, dispatch: Dispatch) -> GroupsView:
    """Put a customer into groups, whose prices are theirs from the next quote on. For staff."""
    answer: GroupsView = await dispatch(SetGroups(user_id=customer_id, groups=frozenset(body.groups)), call)
    return answer
