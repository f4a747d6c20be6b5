"""End one session, or all but the one that asks. Somebody else's looks like none, except to an administrator."""

from uuid import UUID

from tradewind.contexts.identity._store import accounts, sessions
from tradewind.contexts.identity.own import session_of, user_id_of
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import NotFound
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class NoSuchSession(NotFound):
    """There is no such session, or it has ended."""


class EndSession(Command, frozen=True, kw_only=True):
    """Log this session out."""

    session_id: UUID


class EndOtherSessions(Command, frozen=True, kw_only=True):
    """Log out everywhere but here."""


@handler(action="identity.end_session")
async def end_session(command: EndSession, tx: Tx) -> None:
    """Refuses NoSuchSession."""
    user_id: UUID | None = await tx.value(sessions.HOLDER, command.session_id)
    own = user_id is not None and user_id == user_id_of(tx.call.actor)
    if user_id is None or not (own or tx.allows("identity.end_any_session")):
        raise NoSuchSession
    await accounts.lock(tx, [user_id])
    if not await sessions.end(tx, user_id, only=command.session_id):
        raise NoSuchSession
    tx.audit("identity.end_session", str(user_id), session_id=command.session_id)


@handler(action="identity.end_session")
async def end_other_sessions(command: EndOtherSessions, tx: Tx) -> None:
    """The session of the token that asks stays."""
    user_id = user_id_of(tx.call.actor)
    if user_id is None or user_id not in await accounts.lock(tx, [user_id]):
        return
    if ended := await sessions.end(tx, user_id, all_but=session_of(tx.call.actor)):
        tx.audit("identity.end_other_sessions", str(user_id), sessions_ended=len(ended))
