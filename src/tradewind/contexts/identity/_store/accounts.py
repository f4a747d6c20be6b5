"""Accounts: read, locked in one order, changed. Who changes one, or speaks of it in an event, holds its lock."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from tradewind.contexts.identity._domain.users import NoSuchUser, User
from tradewind.runtime.database import Tx

BY_LOGIN: Final = "SELECT * FROM identity.account WHERE login = $1"
BY_ID: Final = "SELECT * FROM identity.account WHERE id = $1 AND erased_at IS NULL"
LOCK: Final = "SELECT * FROM identity.account WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"
LOCK_LOGIN: Final = "SELECT * FROM identity.account WHERE login = $1 FOR NO KEY UPDATE"
ADD: Final = """
    INSERT INTO identity.account (id, login, password_hash, roles, tenant) VALUES ($1, $2, $3, $4::text[], $5)
    ON CONFLICT (login) DO NOTHING
"""
ADD_OUTSIDER: Final = """
    INSERT INTO identity.account (id, login, password_hash, roles, tenant, issuer)
    VALUES ($1::uuid, 'outside:' || $1::uuid::text, $2, $3::text[], $4, $5) ON CONFLICT DO NOTHING
"""
SET_OUTSIDER: Final = """
    UPDATE identity.account SET roles = $2::text[], tenant = $3, outside_email = $4,
        email_verified_at = CASE WHEN $4::text IS NULL THEN NULL ELSE now() END
    WHERE id = $1
"""
EXISTS: Final = "SELECT EXISTS (SELECT FROM identity.account WHERE login = $1)"
SET_HASH: Final = "UPDATE identity.account SET password_hash = $2 WHERE id = $1"
SET_ROLES: Final = "UPDATE identity.account SET roles = $2::text[] WHERE id = $1"
PROVE: Final = "UPDATE identity.account SET email_verified_at = now() WHERE id = $1"
DISABLE: Final = "UPDATE identity.account SET disabled_at = now() WHERE id = $1"
ENABLE: Final = "UPDATE identity.account SET disabled_at = NULL WHERE id = $1"
LIST: Final = """
    SELECT * FROM identity.account
    WHERE erased_at IS NULL AND (created_at, id) < ($1, $2) AND ($3::text IS NULL OR login = $3)
        AND ($4::text IS NULL OR roles @> ARRAY[$4::text])
    ORDER BY created_at DESC, id DESC LIMIT $5
"""
KNOWN_BY: Final = """
    SELECT id::text FROM identity.account
    WHERE erased_at IS NULL AND email_verified_at IS NOT NULL AND (login = $1 OR outside_email = $1)
    ORDER BY id LIMIT 100
"""
ERASE: Final = """
    UPDATE identity.account SET login = 'erased:' || id, password_hash = $2, roles = '{customer}', outside_email = NULL,
        email_verified_at = NULL, disabled_at = coalesce(disabled_at, now()), erased_at = now()
    WHERE id = $1 AND erased_at IS NULL
"""


def _user(row: Any) -> User:
    return User(
        id=row["id"],
        email=(row["outside_email"] or "") if row["issuer"] else row["login"],
        password_hash=row["password_hash"],
        roles=tuple(row["roles"]),
        tenant=row["tenant"],
        created_at=row["created_at"],
        email_verified_at=row["email_verified_at"],
        disabled_at=row["disabled_at"],
        issuer=row["issuer"],
    )


async def find(tx: Tx, login: str) -> User | None:
    """The user who may log in as `login`."""
    row = await tx.row(BY_LOGIN, login)
    user = _user(row) if row else None
    return user if user and user.active else None


async def read(tx: Tx, user_id: UUID) -> User:
    """A user; refuses NoSuchUser, also where they were erased."""
    row = await tx.row(BY_ID, user_id)
    if row is None:
        raise NoSuchUser
    return _user(row)


async def lock(tx: Tx, user_ids: Iterable[UUID]) -> dict[UUID, User]:
    """The users, locked in the order of their ids until the transaction ends."""
    rows = await tx.all(LOCK, list(user_ids))
    return {row["id"]: _user(row) for row in rows if row["erased_at"] is None}


async def lock_one(tx: Tx, user_id: UUID) -> User:
    """A user, locked; refuses NoSuchUser."""
    found = await lock(tx, [user_id])
    if user_id not in found:
        raise NoSuchUser
    return found[user_id]


async def lock_login(tx: Tx, login: str) -> User | None:
    """Whoever has this login, disabled or not, locked."""
    row = await tx.row(LOCK_LOGIN, login)
    return _user(row) if row else None


async def add(tx: Tx, login: str, password_hash: str, roles: tuple[str, ...], *, id: UUID, tenant: str) -> bool:  # noqa: A002
    """Keep a new account; False where there is one of that login."""
    return await tx.run(ADD, id, login, password_hash, list(roles), tenant) == 1


async def add_outsider(
    tx: Tx, user_id: UUID, password_hash: str, roles: Iterable[str], *, tenant: str, issuer: str
) -> bool:
    """Keep an account of somebody whom an outside issuer vouches for; False where there is one."""
    return await tx.run(ADD_OUTSIDER, user_id, password_hash, sorted(roles), tenant, issuer) == 1


async def set_outsider(tx: Tx, user_id: UUID, roles: Iterable[str], *, tenant: str, email: str | None) -> None:
    """Note what the issuer says of them now. Lock the account before."""
    await tx.run(SET_OUTSIDER, user_id, sorted(roles), tenant, email)


async def exists(tx: Tx, login: str) -> bool:
    """Whether there is an account, disabled or not."""
    return bool(await tx.value(EXISTS, login))


async def known_by(tx: Tx, email: str) -> tuple[str, ...]:
    """Users whose proved address this is."""
    return tuple(row["id"] for row in await tx.all(KNOWN_BY, email))


async def page(
    tx: Tx, before: tuple[datetime, UUID], limit: int, *, email: str | None, role: str | None
) -> Sequence[User]:
    """Users made before that moment, newest first."""
    return [_user(row) for row in await tx.all(LIST, *before, email, role, limit)]
