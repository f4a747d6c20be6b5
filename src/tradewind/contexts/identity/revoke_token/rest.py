"""POST /api/v1/auth/revoke (RFC 7009)."""

from msgspec import Struct

from tradewind.api.rest import Answer, Call, Dispatch, post
from tradewind.contexts.identity.issue_token.grant import own_call
from tradewind.contexts.identity.issue_token.rest import as_oauth_error
from tradewind.contexts.identity.learning import by_known_keys
from tradewind.contexts.identity.revoke_token.command import RevokeToken


class Revocation(Struct, frozen=True, kw_only=True):
    """The token to revoke, of either kind; the hint is not needed."""

    token: str
    token_type_hint: str | None = None

    def __post_init__(self) -> None:
        if len(self.token) > 4096:
            raise ValueError("token is longer than 4096 characters")


class Revoked(Answer, frozen=True):
    """Nothing more to say."""


@post("/api/v1/auth/revoke", public="the token is the proof", on_refusal=as_oauth_error)
async def revoke_token_route(form: Revocation, call: Call, dispatch: Dispatch) -> Revoked:
    """Log out: end the session of a refresh or access token, at once and for every token of it.

    The answer is 200 also for a token that nobody knows.
    """
    await by_known_keys(RevokeToken(token=form.token), own_call(call), dispatch)
    return Revoked()
