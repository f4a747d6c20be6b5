"""GET /api/v1/users and one of them."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.identity._domain.users import NoSuchUser
from tradewind.contexts.identity.list_users.query import MAX_PAGE, GetUser, ListUsers
from tradewind.contexts.identity.views import UserDetail, UserPage
from tradewind.kernel.pages import Cursor, UnfitCursor


@get("/api/v1/users", raises=(UnfitCursor,))
async def list_users_route(
    call: Call,
    dispatch: Dispatch,
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = 20,
    cursor: Cursor | None = None,
    email: Annotated[str, Meta(max_length=254)] | None = None,
    role: Annotated[str, Meta(max_length=50)] | None = None,
) -> UserPage:
    """See users, newest first; those with one address or one role, where named."""
    answer: UserPage = await dispatch(ListUsers(limit=limit, cursor=cursor, email=email, role=role), call)
    return answer


@get("/api/v1/users/{user_id}", raises=(NoSuchUser,))
async def get_user_route(user_id: UUID, call: Call, dispatch: Dispatch) -> UserDetail:
    """See one user."""
    answer: UserDetail = await dispatch(GetUser(user_id=user_id), call)
    return answer
