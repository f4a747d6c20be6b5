"""The steps of a login, each a transaction of its own: a password is checked between two of them, inside none.

Only the shop itself may take these steps (`identity.begin_login` and so on are nobody's permission); see grant.py.
"""

from typing import Final
from uuid import UUID

from msgspec import Struct

from tradewind.api.auth.revocation import ACCESS_LIFETIME_S
from tradewind.contexts.identity._domain.grants import AccessToken, InvalidGrant, narrowed
from tradewind.contexts.identity._domain.users import User
from tradewind.contexts.identity._store import accounts, attempts, sessions
from tradewind.contexts.identity._store.sessions import Session
from tradewind.contracts.identity import GuestMerged, TokenIssuer
from tradewind.contracts.messages import Command
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler

SESSION_LIFETIME_S: Final = 30 * 24 * 3600.0
MAX_TRIES: Final = 10
"""Tries at one login within TRIES_WINDOW_S, counted before the password is looked at, whoever tries from wherever."""
TRIES_WINDOW_S: Final = 15 * 60.0


class BeginLogin(Command, frozen=True, kw_only=True):
    """Count a try at `login`."""

    login: str


class Tried(Struct, frozen=True, kw_only=True):
    """A try that was counted: at whose account, if at anybody's; how long the login is locked, if it is."""

    user: User | None = None
    locked_for_s: int = 0


class OpenSession(Command, frozen=True, kw_only=True):
    """The password was right: `password_hash` is what it was held against.

    `scope`: what is asked for, all where it is None. `token_digest` is of the refresh token that the client gets.
    """

    user_id: UUID
    password_hash: str
    scope: str | None = None
    token_digest: bytes
    device: str = ""
    guest_token: str | None = None


class TurnRefreshToken(Command, frozen=True, kw_only=True):
    """Put a fresh refresh token in the place of a spent one."""

    spent: bytes
    fresh: bytes


@handler(action="identity.begin_login")
async def begin_login(command: BeginLogin, tx: Tx) -> Tried:
    """The account, where there is one, unless there were more tries than MAX_TRIES.

    The try that finds a login locked first is noted in the audit trail, and committed: so this answers, never raises.
    """
    tries, seconds_left = await attempts.count(tx, attempts.of_login(command.login), TRIES_WINDOW_S)
    user = await accounts.find(tx, command.login)
    if tries > MAX_TRIES:
        if tries == MAX_TRIES + 1:
            tx.audit("identity.lock_login", str(user.id) if user else "unknown", tries=tries, for_s=seconds_left)
        return Tried(locked_for_s=max(1, seconds_left))
    return Tried(user=user)


@handler(action="identity.open_session")
async def open_session(command: OpenSession, tx: Tx) -> AccessToken:
    """The session's first access token; refuses InvalidGrant where the account changed since the password was read."""
    user = await accounts.lock_one(tx, command.user_id)
    if not user.active or user.password_hash != command.password_hash:
        raise InvalidGrant
    scopes = narrowed(user.roles, command.scope)
    session = Session(id=new_id(), account_id=user.id, scopes=scopes, device=command.device)
    await attempts.forgive(tx, attempts.of_login(user.email))
    await sessions.open_session(tx, session, command.token_digest, SESSION_LIFETIME_S)
    tx.audit("identity.open_session", str(user.id), session_id=session.id, scopes=scopes)
    merge_guest(tx, user, command.guest_token)
    return _access(session, user, tx)


def merge_guest(tx: Tx, user: User, guest_token: str | None) -> None:
    """Tell that the guest with this token is the user; a token that is not good merges nothing, and is no fault."""
    if guest_token and (guest_id := tx.peer(TokenIssuer).guest_of(guest_token)):
        tx.tell(GuestMerged(user_id=str(user.id), guest_id=guest_id))
        tx.audit("identity.merge_guest", str(user.id), guest_id=guest_id)


@handler(action="identity.turn_refresh_token")
async def turn_refresh_token(command: TurnRefreshToken, tx: Tx) -> AccessToken | None:
    """The next access token; None where the refresh token is not good.

    A token that comes a second time was copied by somebody: the session ends, for the thief and for the owner, and its
    access tokens with it. That is written, so it is answered and not raised.
    """
    found = await sessions.owner(tx, command.spent)
    user = (await accounts.lock(tx, [found[1]])).get(found[1]) if found else None
    if user is None or not user.active:
        return None
    session = await sessions.lock(tx, command.spent, user.id)
    if session is None or not session.alive:
        return None
    if session.used:
        await sessions.end(tx, user.id, only=session.id)
        tx.audit("identity.refresh_token_reused", str(user.id), session_id=session.id)
        return None
    await sessions.turn(tx, command.spent, command.fresh)
    return _access(session, user, tx)


def _access(session: Session, user: User, tx: Tx) -> AccessToken:
    token = tx.peer(TokenIssuer).sign(
        subject=str(user.id),
        roles=user.roles,
        scopes=session.scopes,
        tenant=user.tenant,
        lifetime_s=ACCESS_LIFETIME_S,
        session=str(session.id),
    )
    return AccessToken(access_token=token, expires_in=ACCESS_LIFETIME_S, scope=" ".join(session.scopes))
