"""POST /api/v1/auth/token, the OAuth 2 token endpoint; its refusals look as RFC 6749, 5.2 says."""

from typing import Final

from tradewind.api.rest import Call, Dispatch, Reply, post
from tradewind.contexts.identity._domain.grants import AccessToken, InvalidGrant, InvalidScope, UnsupportedGrantType
from tradewind.contexts.identity.issue_token.grant import Grant, granted
from tradewind.kernel.errors import Invalid, Refusal, Unauthenticated

ERRORS: Final[dict[type[Refusal], str]] = {
    InvalidGrant: "invalid_grant",
    InvalidScope: "invalid_scope",
    UnsupportedGrantType: "unsupported_grant_type",
    Unauthenticated: "invalid_client",
    Invalid: "invalid_request",
    Refusal: "temporarily_unavailable",
}


def as_oauth_error(refusal: Refusal, status: int) -> Reply:
    """The refusal as OAuth clients expect it."""
    error = next(ERRORS[kind] for kind in type(refusal).__mro__ if kind in ERRORS)
    content = {"error": error, "error_description": refusal.detail}
    return Reply(content=content, status=400 if status == 422 else status)


@post("/api/v1/auth/token", public="tokens come from here", on_refusal=as_oauth_error, limit="login")
async def issue_token(form: Grant, call: Call, dispatch: Dispatch) -> AccessToken:
    """Get a token for a password or for a refresh token.

    A refresh token is good once; each answer brings the next. One that is shown twice ends its session. After ten tries
    at a login within 15 minutes the answer is 429.
    """
    return await granted(form, call, dispatch)
