"""POST /api/v1/users."""

from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.identity._domain.addresses import UnfitAddress, in_normal_form
from tradewind.contexts.identity._domain.users import UnknownRole
from tradewind.contexts.identity.invite_user.command import AddressTaken, InviteUser
from tradewind.contexts.identity.views import UserView


class Invitation(Body, frozen=True, kw_only=True):
    """Whom to make an account, and what they are."""

    email: Annotated[str, Meta(max_length=254)]
    roles: Annotated[tuple[Annotated[str, Meta(max_length=50)], ...], Meta(min_length=1, max_length=10)]


@post("/api/v1/users", status=201, raises=(UnfitAddress, UnknownRole, AddressTaken))
async def invite_user_route(body: Invitation, call: Call, dispatch: Dispatch) -> UserView:
    """Make an account for somebody; a mail lets them choose their password."""
    answer: UserView = await dispatch(InviteUser(email=in_normal_form(body.email), roles=body.roles), call)
    return answer
