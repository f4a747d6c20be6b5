"""What mails let their readers do: tokens that are good once and for a while, kept as digests only."""

import hashlib
import secrets
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from tradewind.kernel.errors import Invalid
from tradewind.runtime.database import Tx

TOKEN_BYTES: Final = 32
MAX_TOKEN: Final = 200
ADD: Final = """
    INSERT INTO identity.mail_token (digest, account_id, purpose, password_hash, expires_at)
    VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))
"""
OWNER: Final = """
    SELECT account_id FROM identity.mail_token WHERE digest = $1 AND purpose = $2 AND expires_at > now()
"""
SPEND: Final = """
    DELETE FROM identity.mail_token WHERE digest = $1 AND purpose = $2 AND expires_at > now()
    RETURNING account_id, password_hash
"""
VOID: Final = "DELETE FROM identity.mail_token WHERE account_id = $1 AND ($2::text IS NULL OR purpose = $2)"
PURGE: Final = """
    DELETE FROM identity.mail_token WHERE digest IN (
        SELECT digest FROM identity.mail_token WHERE expires_at <= now() ORDER BY expires_at LIMIT 1000)
"""


class Purpose(StrEnum):
    """What a token is for."""

    VERIFY_EMAIL = "verify_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105 -- a purpose


class MailTokenInvalid(Invalid):
    """This code is not good, or not any more; ask for another mail."""


class Spent(Struct, frozen=True, kw_only=True):
    """A token that was good until now. `password_hash`: what was chosen when its mail was asked for."""

    account_id: UUID
    password_hash: str | None


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.strip().encode()).digest()


async def issue(
    tx: Tx, account_id: UUID, purpose: Purpose, lifetime_s: float, *, password_hash: str | None = None
) -> str:
    """A fresh token, to be written into a mail and nowhere else."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    await tx.run(ADD, _digest(token), account_id, purpose.value, password_hash, lifetime_s)
    return token


async def owner(tx: Tx, token: str, purpose: Purpose) -> UUID:
    """Whose token it is, so that the account can be locked first; refuses MailTokenInvalid."""
    account_id: UUID | None = await tx.value(OWNER, _digest(token), purpose.value)
    if account_id is None:
        raise MailTokenInvalid(pointer="/token")
    return account_id


async def spend(tx: Tx, token: str, purpose: Purpose) -> Spent:
    """Use the token up; of many who show it at once, one gets it. Refuses MailTokenInvalid."""
    row = await tx.row(SPEND, _digest(token), purpose.value)
    if row is None:
        raise MailTokenInvalid(pointer="/token")
    return Spent(account_id=row["account_id"], password_hash=row["password_hash"])


async def void(tx: Tx, account_id: UUID, purpose: Purpose | None = None) -> None:
    """An account's tokens are no good any more; those of one purpose, or all."""
    await tx.run(VOID, account_id, purpose and purpose.value)


async def purge(tx: Tx) -> int:
    """Forget tokens that have expired, at most 1,000 at a time; how many."""
    return await tx.run(PURGE)
