"""Sessions and their refresh tokens: of a session only the youngest token is good, and only once."""

import hashlib
from functools import partial
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from tradewind.api.auth.revocation import RevokedSessions
from tradewind.contracts.identity import SessionRevoked
from tradewind.runtime.database import Tx

OPEN: Final = """
    WITH opened AS (
        INSERT INTO identity.session (id, account_id, scopes, device, expires_at)
        VALUES ($1, $2, $3::text[], $4, now() + make_interval(secs => $5)) RETURNING id)
    INSERT INTO identity.refresh_token (digest, session_id) SELECT $6, id FROM opened
"""
OWNER: Final = """
    SELECT session.id, session.account_id FROM identity.refresh_token AS token
    JOIN identity.session AS session ON session.id = token.session_id WHERE token.digest = $1
"""
LOCK: Final = """
    SELECT session.id, session.scopes, token.used_at,
           session.revoked_at IS NULL AND session.expires_at > now() AS alive
    FROM identity.refresh_token AS token
    JOIN identity.session AS session ON session.id = token.session_id
    WHERE token.digest = $1 FOR UPDATE OF token, session
"""
TURN: Final = """
    WITH used AS (UPDATE identity.refresh_token SET used_at = now() WHERE digest = $1 RETURNING session_id),
        seen AS (UPDATE identity.session SET last_used_at = now() FROM used WHERE id = used.session_id)
    INSERT INTO identity.refresh_token (digest, session_id) SELECT $2, session_id FROM used
"""
END: Final = """
    UPDATE identity.session SET revoked_at = now()
    WHERE account_id = $1 AND revoked_at IS NULL AND ($2::uuid IS NULL OR id = $2) AND id IS DISTINCT FROM $3
    RETURNING id, expires_at > now() AS alive
"""
OWN: Final = """
    SELECT id, device, scopes, opened_at, last_used_at, expires_at FROM identity.session
    WHERE account_id = $1 AND revoked_at IS NULL AND expires_at > now() AND id < $2 ORDER BY id DESC LIMIT $3
"""
HOLDER: Final = "SELECT account_id FROM identity.session WHERE id = $1 AND revoked_at IS NULL AND expires_at > now()"
ALL: Final = """
    SELECT id, device, scopes, opened_at, last_used_at, expires_at, revoked_at FROM identity.session
    WHERE account_id = $1 ORDER BY id
"""
FORGET_DEVICES: Final = "UPDATE identity.session SET device = '' WHERE account_id = $1"
IS_ALIVE: Final = """
    SELECT EXISTS (SELECT FROM identity.session WHERE id = $1 AND revoked_at IS NULL AND expires_at > now())
"""
LATELY_REVOKED: Final = "SELECT id FROM identity.session WHERE revoked_at > now() - make_interval(secs => $1)"
PURGE: Final = """
    DELETE FROM identity.session WHERE id IN (
        SELECT id FROM identity.session WHERE expires_at <= now() ORDER BY expires_at LIMIT 1000)
"""


class Session(Struct, frozen=True, kw_only=True):
    """Somebody who logged in, and what they asked to be allowed. `used`: the token shown was used before."""

    id: UUID
    account_id: UUID
    scopes: tuple[str, ...]
    device: str = ""
    alive: bool = True
    used: bool = False


def digest(token: str) -> bytes:
    """What a refresh token is kept as. It is 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()


async def open_session(tx: Tx, session: Session, token_digest: bytes, lifetime_s: float) -> None:
    """Keep a new session with its first refresh token."""
    await tx.run(OPEN, session.id, session.account_id, list(session.scopes), session.device, lifetime_s, token_digest)


async def owner(tx: Tx, token_digest: bytes) -> tuple[UUID, UUID] | None:
    """The session of a refresh token, and whose it is; nothing is locked."""
    row = await tx.row(OWNER, token_digest)
    return (row["id"], row["account_id"]) if row else None


async def lock(tx: Tx, token_digest: bytes, account_id: UUID) -> Session | None:
    """The session of a refresh token, locked until the transaction ends. Lock its account before."""
    row: Any = await tx.row(LOCK, token_digest)
    if row is None:
        return None
    return Session(
        id=row["id"],
        account_id=account_id,
        scopes=tuple(row["scopes"]),
        alive=row["alive"],
        used=row["used_at"] is not None,
    )


async def turn(tx: Tx, spent: bytes, fresh: bytes) -> None:
    """Mark one refresh token as used and put the next in its place."""
    await tx.run(TURN, spent, fresh)


async def end(tx: Tx, account_id: UUID, *, only: UUID | None = None, all_but: UUID | None = None) -> list[UUID]:
    """End an account's sessions (`only` this one, `all_but` that one) from the commit on; those that were alive.

    Their refresh tokens are no good any more, and nor are their access tokens: this process knows with the commit,
    the others hear it from the log. Lock the account before.
    """
    rows = await tx.all(END, account_id, only, all_but)
    ended = [row["id"] for row in rows if row["alive"]]
    revoked = tx.peer(RevokedSessions)
    for session_id in ended:
        tx.tell(SessionRevoked(user_id=str(account_id), session_id=str(session_id)))
        tx.on_commit.append(partial(revoked.end, str(session_id)))
    return ended


async def purge(tx: Tx) -> int:
    """Forget sessions that have expired, at most 1,000 at a time; how many."""
    return await tx.run(PURGE)
