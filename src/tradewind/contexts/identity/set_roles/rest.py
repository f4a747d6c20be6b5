"""PUT /api/v1/users/{user_id}/roles."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, put
from tradewind.contexts.identity._domain.users import NoSuchUser, OwnAccount, RolesAreOutside, UnknownRole
from tradewind.contexts.identity.set_roles.command import SetRoles
from tradewind.contexts.identity.views import UserView


class Roles(Body, frozen=True, kw_only=True):
    """Every role that the user has from now on."""

    roles: Annotated[tuple[Annotated[str, Meta(max_length=50)], ...], Meta(min_length=1, max_length=10)]


@put("/api/v1/users/{user_id}/roles", raises=(NoSuchUser, UnknownRole, OwnAccount, RolesAreOutside))
async def set_roles_route(user_id: UUID, body: Roles, call: Call, dispatch: Dispatch) -> UserView:
    """Give a user exactly these roles; they have to log in again. Nobody's own."""
    answer: UserView = await dispatch(SetRoles(user_id=user_id, roles=body.roles), call)
    return answer
