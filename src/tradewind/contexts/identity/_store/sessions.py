"""Sessions and their refresh tokens: of a session only the youngest token is good, and only once."""

import hashlib
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from tradewind.runtime.database import Tx

OPEN: Final = """
    WITH opened AS (
        INSERT INTO identity.session (id, account_id, scopes, expires_at)
        VALUES ($1, $2, $3::text[], now() + make_interval(secs => $4)) RETURNING id)
    INSERT INTO identity.refresh_token (digest, session_id) SELECT $5, id FROM opened
"""
LOCK: Final = """
    SELECT session.id, session.scopes, account.id AS account_id, account.roles, account.tenant, token.used_at,
           session.revoked_at IS NULL AND session.expires_at > now() AND account.disabled_at IS NULL AS alive
    FROM identity.refresh_token AS token
    JOIN identity.session AS session ON session.id = token.session_id
    JOIN identity.account AS account ON account.id = session.account_id
    WHERE token.digest = $1 FOR UPDATE OF token, session
"""
TURN: Final = """
    WITH used AS (UPDATE identity.refresh_token SET used_at = now() WHERE digest = $1 RETURNING session_id)
    INSERT INTO identity.refresh_token (digest, session_id) SELECT $2, session_id FROM used
"""
REVOKE: Final = "UPDATE identity.session SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL"
PURGE: Final = """
    DELETE FROM identity.session WHERE id IN (
        SELECT id FROM identity.session WHERE expires_at <= now() ORDER BY expires_at LIMIT 1000)
"""


class Session(Struct, frozen=True, kw_only=True):
    """Somebody who logged in, and what they asked to be allowed. `used`: the token shown was used before."""

    id: UUID
    account_id: UUID
    roles: tuple[str, ...]
    scopes: tuple[str, ...]
    tenant: str
    alive: bool = True
    used: bool = False


def digest(token: str) -> bytes:
    """What a refresh token is kept as. It is 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()


async def open_session(tx: Tx, session: Session, token_digest: bytes, lifetime_s: float) -> None:
    """Keep a new session with its first refresh token."""
    await tx.run(OPEN, session.id, session.account_id, list(session.scopes), lifetime_s, token_digest)


async def lock(tx: Tx, token_digest: bytes) -> Session | None:
    """The session of a refresh token, locked until the transaction ends."""
    row: Any = await tx.row(LOCK, token_digest)
    if row is None:
        return None
    return Session(
        id=row["id"],
        account_id=row["account_id"],
        roles=tuple(row["roles"]),
        scopes=tuple(row["scopes"]),
        tenant=row["tenant"],
        alive=row["alive"],
        used=row["used_at"] is not None,
    )


async def turn(tx: Tx, spent: bytes, fresh: bytes) -> None:
    """Mark one refresh token as used and put the next in its place."""
    await tx.run(TURN, spent, fresh)


async def revoke(tx: Tx, session_id: UUID) -> None:
    """End a session: none of its refresh tokens is good any more."""
    await tx.run(REVOKE, session_id)


async def purge(tx: Tx) -> int:
    """Forget sessions that have expired, at most 1,000 at a time; how many."""
    return await tx.run(PURGE)
