"""The steps of a login, each a transaction of its own: a password is checked between two of them, inside none.

Only the shop itself may take these steps (`identity.begin_login` and so on are nobody's permission); see grant.py.
"""

from typing import Final
from uuid import UUID

from tradewind.contexts.identity._domain.grants import AccessToken
from tradewind.contexts.identity._domain.passwords import TooManyLogins
from tradewind.contexts.identity._store import accounts, sessions
from tradewind.contexts.identity._store.accounts import Account
from tradewind.contexts.identity._store.sessions import Session
from tradewind.contracts.identity import TokenIssuer
from tradewind.contracts.messages import Command
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler

ACCESS_LIFETIME_S: Final = 15 * 60
SESSION_LIFETIME_S: Final = 30 * 24 * 3600.0
MAX_TRIES: Final = 10
"""Tries at one login within TRIES_WINDOW_S, counted before the password is looked at, whoever tries from wherever."""
TRIES_WINDOW_S: Final = 15 * 60.0


class BeginLogin(Command, frozen=True, kw_only=True):
    """Count a try at `login`."""

    login: str


class OpenSession(Command, frozen=True, kw_only=True):
    """The password was right. `token_digest` is of the refresh token that the client gets."""

    login: str
    account_id: UUID
    roles: tuple[str, ...]
    scopes: tuple[str, ...]
    tenant: str
    token_digest: bytes


class TurnRefreshToken(Command, frozen=True, kw_only=True):
    """Put a fresh refresh token in the place of a spent one."""

    spent: bytes
    fresh: bytes


@handler(action="identity.begin_login")
async def begin_login(command: BeginLogin, tx: Tx) -> Account | None:
    """The account, where there is one; refuses (TooManyLogins) more tries than MAX_TRIES."""
    tries, seconds_left = await accounts.count_try(tx, command.login, TRIES_WINDOW_S)
    if tries > MAX_TRIES:
        raise TooManyLogins(retry_after_s=max(1, seconds_left))
    return await accounts.find(tx, command.login)


@handler(action="identity.open_session")
async def open_session(command: OpenSession, tx: Tx) -> AccessToken:
    """The session's first access token."""
    session = Session(
        id=new_id(),
        account_id=command.account_id,
        roles=command.roles,
        scopes=command.scopes,
        tenant=command.tenant,
    )
    await accounts.forgive(tx, command.login)
    await sessions.open_session(tx, session, command.token_digest, SESSION_LIFETIME_S)
    tx.audit("identity.open_session", str(command.account_id), session_id=session.id, scopes=command.scopes)
    return _access(session, tx)


@handler(action="identity.turn_refresh_token")
async def turn_refresh_token(command: TurnRefreshToken, tx: Tx) -> AccessToken | None:
    """The next access token; None where the refresh token is not good.

    A token that comes a second time was copied by somebody: the session ends, for the thief and for the owner. That is
    written, so it is answered and not raised.
    """
    session = await sessions.lock(tx, command.spent)
    if session is None or not session.alive:
        return None
    if session.used:
        await sessions.revoke(tx, session.id)
        tx.audit("identity.refresh_token_reused", str(session.account_id), session_id=session.id)
        return None
    await sessions.turn(tx, command.spent, command.fresh)
    return _access(session, tx)


def _access(session: Session, tx: Tx) -> AccessToken:
    token = tx.peer(TokenIssuer).sign(
        subject=str(session.account_id),
        roles=session.roles,
        scopes=session.scopes,
        tenant=session.tenant,
        lifetime_s=ACCESS_LIFETIME_S,
    )
    return AccessToken(access_token=token, expires_in=ACCESS_LIFETIME_S, scope=" ".join(session.scopes))
