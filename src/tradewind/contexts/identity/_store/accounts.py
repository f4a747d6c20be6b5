"""Accounts and the count of tries at them."""

import hashlib
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from tradewind.runtime.database import Tx

FIND: Final = """
    SELECT id, password_hash, roles, tenant FROM identity.account WHERE login = $1 AND disabled_at IS NULL
"""
ADD: Final = """
    INSERT INTO identity.account (id, login, password_hash, roles, tenant) VALUES ($1, $2, $3, $4::text[], $5)
    ON CONFLICT (login) DO NOTHING
"""
EXISTS: Final = "SELECT EXISTS (SELECT FROM identity.account WHERE login = $1)"
COUNT: Final = """
    INSERT INTO identity.login_attempt AS known (login_digest, attempts) VALUES ($1, 1)
    ON CONFLICT (login_digest) DO UPDATE SET
        attempts = CASE WHEN known.since <= now() - make_interval(secs => $2) THEN 1 ELSE known.attempts + 1 END,
        since = CASE WHEN known.since <= now() - make_interval(secs => $2) THEN now() ELSE known.since END
    RETURNING attempts, ceil(extract(epoch FROM since + make_interval(secs => $2) - now()))::int AS seconds_left
"""
FORGIVE: Final = "DELETE FROM identity.login_attempt WHERE login_digest = $1"
PURGE: Final = """
    DELETE FROM identity.login_attempt WHERE login_digest IN (
        SELECT login_digest FROM identity.login_attempt WHERE since <= now() - make_interval(secs => $1) LIMIT 1000)
"""


class Account(Struct, frozen=True, kw_only=True):
    """Somebody with a password."""

    id: UUID
    password_hash: str
    roles: tuple[str, ...]
    tenant: str


def digest(login: str) -> bytes:
    """What a login is counted under; the count does not say whose it is."""
    return hashlib.sha256(login.encode()).digest()


async def find(tx: Tx, login: str) -> Account | None:
    """The account that may log in as `login`."""
    row = await tx.row(FIND, login)
    if row is None:
        return None
    return Account(id=row["id"], password_hash=row["password_hash"], roles=tuple(row["roles"]), tenant=row["tenant"])


async def add(tx: Tx, login: str, password_hash: str, roles: tuple[str, ...], *, id: UUID, tenant: str) -> bool:  # noqa: A002
    """Keep a new account; False where there is one of that login."""
    return await tx.run(ADD, id, login, password_hash, list(roles), tenant) == 1


async def exists(tx: Tx, login: str) -> bool:
    """Whether there is an account, disabled or not."""
    return bool(await tx.value(EXISTS, login))


async def count_try(tx: Tx, login: str, window_s: float) -> tuple[int, int]:
    """Count one more try; how many there were in the window, and the seconds until it ends."""
    row: Any = await tx.row(COUNT, digest(login), window_s)
    return row["attempts"], row["seconds_left"]


async def forgive(tx: Tx, login: str) -> None:
    """Forget the tries at `login`."""
    await tx.run(FORGIVE, digest(login))


async def purge(tx: Tx, window_s: float) -> int:
    """Forget windows that are over, at most 1,000 at a time; how many."""
    return await tx.run(PURGE, window_s)
