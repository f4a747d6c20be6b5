"""End a session because its outside issuer says so (OpenID Connect Back-Channel Logout). Twice is as good as once."""

from tradewind.api.auth.outside import KeyUnknown
from tradewind.api.auth.tokens import TokenInvalid
from tradewind.contexts.identity._domain.users import NoSuchUser
from tradewind.contexts.identity._store import sessions
from tradewind.contexts.identity.admit_outsider.command import admission, known, seen
from tradewind.contexts.identity.learning import Dispatch, by_known_keys
from tradewind.contracts.identity import TokenIssuer
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Invalid
from tradewind.runtime.call import Call
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class LogoutTokenInvalid(Invalid):
    """This is no logout token of the issuer for a client of ours, or it does not name both user and session."""


class EndOutsideSession(Command, frozen=True, kw_only=True):
    """A logout token (JWT)."""

    logout_token: str


@handler(action="identity.end_outside_session")
async def end_outside_session(command: EndOutsideSession, tx: Tx) -> None:
    """A session that never came here is noted as well: a token of it may be on its way.

    Refuses LogoutTokenInvalid; raises KeyUnknown.
    """
    try:
        ended = admission(tx.peer(TokenIssuer).logged_out(command.logout_token))
    except KeyUnknown:
        raise
    except TokenInvalid:
        raise LogoutTokenInvalid from None
    try:
        user = await known(ended, tx)
    except NoSuchUser:
        return  # erased: all their sessions have ended
    await seen(ended, tx)
    if await sessions.end(tx, user.id, only=ended.session_id):
        tx.audit("identity.end_outside_session", str(user.id), session_id=ended.session_id)


async def heard(command: EndOutsideSession, call: Call, dispatch: Dispatch) -> None:
    """Have the session ended; refuses LogoutTokenInvalid, and Unavailable where the issuer's keys cannot be learned."""
    if not await by_known_keys(command, call, dispatch):
        raise LogoutTokenInvalid
