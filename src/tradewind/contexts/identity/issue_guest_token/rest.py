"""POST /api/v1/auth/guest."""

from tradewind.api.rest import Call, Dispatch, post
from tradewind.contexts.identity._domain.grants import AccessToken
from tradewind.contexts.identity.issue_guest_token.command import IssueGuestToken


@post("/api/v1/auth/guest", public="tokens come from here", limit="guest")
async def issue_guest_token_route(call: Call, dispatch: Dispatch) -> AccessToken:
    """Get a token to shop without an account."""
    answer: AccessToken = await dispatch(IssueGuestToken(), call)
    return answer
