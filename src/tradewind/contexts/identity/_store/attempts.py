"""How often something was tried at an address within a window: logins, and mails asked for. Digests only."""

import hashlib
from typing import Any, Final

from tradewind.runtime.database import Tx

COUNT: Final = """
    INSERT INTO identity.login_attempt AS known (login_digest, attempts) VALUES ($1, 1)
    ON CONFLICT (login_digest) DO UPDATE SET
        attempts = CASE WHEN known.since <= now() - make_interval(secs => $2) THEN 1 ELSE known.attempts + 1 END,
        since = CASE WHEN known.since <= now() - make_interval(secs => $2) THEN now() ELSE known.since END
    RETURNING attempts, ceil(extract(epoch FROM since + make_interval(secs => $2) - now()))::int AS seconds_left
"""
FORGIVE: Final = "DELETE FROM identity.login_attempt WHERE login_digest = ANY($1::bytea[])"
PURGE: Final = """
    DELETE FROM identity.login_attempt WHERE login_digest IN (
        SELECT login_digest FROM identity.login_attempt WHERE since <= now() - make_interval(secs => $1) LIMIT 1000)
"""


def of_login(login: str) -> bytes:
    """What logins are counted under; the count does not say whose it is."""
    return hashlib.sha256(login.encode()).digest()


def of_mail(login: str) -> bytes:
    """What mails to an address are counted under."""
    return hashlib.sha256(b"mail to " + login.encode()).digest()


async def count(tx: Tx, digest: bytes, window_s: float) -> tuple[int, int]:
    """Count one more; how many there were in the window, and the seconds until it ends."""
    row: Any = await tx.row(COUNT, digest, window_s)
    return row["attempts"], row["seconds_left"]


async def forgive(tx: Tx, *digests: bytes) -> int:
    """Forget what was tried."""
    return await tx.run(FORGIVE, list(digests))


async def purge(tx: Tx, window_s: float) -> int:
    """Forget windows that are over, at most 1,000 at a time; how many."""
    return await tx.run(PURGE, window_s)
