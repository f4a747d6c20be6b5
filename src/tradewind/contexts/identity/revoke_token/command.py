"""End the session of a token (RFC 7009). Whoever has the token may; a token that is not good is as good as ended."""

from uuid import UUID

from tradewind.contexts.identity._domain.users import NoSuchUser
from tradewind.contexts.identity._store import accounts, sessions
from tradewind.contexts.identity.admit_outsider.command import admission, known, seen
from tradewind.contracts.identity import TokenIssuer
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class RevokeToken(Command, frozen=True, kw_only=True):
    """Let nobody use this refresh or access token any more, nor any other of its session."""

    token: str


@handler(action="identity.revoke_token")
async def revoke_token(command: RevokeToken, tx: Tx) -> None:
    """Nothing is refused: the client wants it gone, and gone it is. Raises KeyUnknown for an outside issuer's."""
    found = await sessions.owner(tx, sessions.digest(command.token)) or _of_access_token(command.token, tx)
    found = found or await _of_outside_token(command.token, tx)
    if found is None:
        return
    session_id, user_id = found
    if user_id not in await accounts.lock(tx, [user_id]):
        return
    if await sessions.end(tx, user_id, only=session_id):
        tx.audit("identity.revoke_token", str(user_id), session_id=session_id)


def _of_access_token(token: str, tx: Tx) -> tuple[UUID, UUID] | None:
    known = tx.peer(TokenIssuer).session_of(token)
    if known is None:
        return None
    subject, session = known
    try:
        return UUID(session), UUID(subject)
    except ValueError:
        return None


async def _of_outside_token(token: str, tx: Tx) -> tuple[UUID, UUID] | None:
    """Noted as well where it never came here before: it may come again."""
    outsider = tx.peer(TokenIssuer).outsider_of(token)
    if outsider is None:
        return None
    command = admission(outsider)
    try:
        await known(command, tx)
    except NoSuchUser:
        return None
    await seen(command, tx)
    return command.session_id, command.user_id
