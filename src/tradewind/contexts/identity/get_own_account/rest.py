"""GET /api/v1/auth/userinfo (OpenID Connect Core, 5.3)."""

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.identity._domain.users import NoSuchUser
from tradewind.contexts.identity.get_own_account.query import GetOwnAccount
from tradewind.contexts.identity.views import UserInfo


@get("/api/v1/auth/userinfo", raises=(NoSuchUser,))
async def get_own_account_route(call: Call, dispatch: Dispatch) -> UserInfo:
    """See who you are logged in as, and whether your address is proved."""
    answer: UserInfo = await dispatch(GetOwnAccount(), call)
    return answer
