"""POST /api/v1/users/{user_id}/disable and /enable."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, post
from tradewind.contexts.identity._domain.users import NoSuchUser, OwnAccount
from tradewind.contexts.identity.disable_user.command import DisableUser, EnableUser
from tradewind.contexts.identity.views import UserView


@post("/api/v1/users/{user_id}/disable", raises=(NoSuchUser, OwnAccount))
async def disable_user_route(user_id: UUID, call: Call, dispatch: Dispatch) -> UserView:
    """Keep a user out, at once. Nobody themselves."""
    answer: UserView = await dispatch(DisableUser(user_id=user_id), call)
    return answer


@post("/api/v1/users/{user_id}/enable", raises=(NoSuchUser, OwnAccount))
async def enable_user_route(user_id: UUID, call: Call, dispatch: Dispatch) -> UserView:
    """Let a user in again."""
    answer: UserView = await dispatch(EnableUser(user_id=user_id), call)
    return answer
