"""POST /api/v1/users/{user_id}/unlock."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, post
from tradewind.contexts.identity._domain.users import NoSuchUser
from tradewind.contexts.identity.unlock_user.command import UnlockUser


@post("/api/v1/users/{user_id}/unlock", raises=(NoSuchUser,))
async def unlock_user_route(user_id: UUID, call: Call, dispatch: Dispatch) -> None:
    """Let a user log in again who tried too often."""
    await dispatch(UnlockUser(user_id=user_id), call)
