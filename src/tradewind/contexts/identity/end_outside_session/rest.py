"""POST /api/v1/auth/backchannel-logout (OpenID Connect Back-Channel Logout 1.0)."""

from msgspec import Struct

from tradewind.api.rest import Answer, Call, Dispatch, post
from tradewind.contexts.identity.end_outside_session.command import EndOutsideSession, heard
from tradewind.contexts.identity.issue_token.grant import own_call
from tradewind.contexts.identity.issue_token.rest import as_oauth_error


class Logout(Struct, frozen=True, kw_only=True):
    """What an issuer posts."""

    logout_token: str

    def __post_init__(self) -> None:
        if len(self.logout_token) > 4096:
            raise ValueError("logout_token is longer than 4096 characters")


class LoggedOut(Answer, frozen=True):
    """Nothing more to say."""


@post("/api/v1/auth/backchannel-logout", public="the token is the proof", on_refusal=as_oauth_error)
async def backchannel_logout_route(form: Logout, call: Call, dispatch: Dispatch) -> LoggedOut:
    """Hear from the outside issuer that a session has ended: its tokens are refused at once. For the issuer.

    The token must name both user (`sub`) and session (`sid`); 400 for one that is not good.
    """
    await heard(EndOutsideSession(logout_token=form.logout_token), own_call(call), dispatch)
    return LoggedOut()
