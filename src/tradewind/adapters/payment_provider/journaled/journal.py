"""The journal, in Postgres: what was asked under which key, and what it came to.

All that is asked about one authorization is written one after the other (a lock on its key), so that the rules see
every earlier wish. No transaction is open while a provider is asked.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Self

import asyncpg
import msgspec

from tradewind.adapters.payment_provider.journaled.api import NEW_MARK, Asked, Family, Wish
from tradewind.adapters.payment_provider.journaled.rules import declined
from tradewind.kernel.money import Money
from tradewind.ports.payment_provider import Answer, Approved, DeclineCode, KeyReused
from tradewind.runtime.database import AWAY, DatabaseAway
from tradewind.runtime.failpoints import planted
from tradewind.runtime.pool import IDLE_S

MIGRATIONS: Final = Path(__file__).parent / "migrations"
ONE_AT_A_TIME: Final = "SELECT pg_advisory_xact_lock(hashtextextended('payment_provider.asked ' || $1, 0))"
WRITE: Final = """
    INSERT INTO payment_provider.asked
        (key, mark, verb, authorization_key, reference, method, method_digest, amount_minor, currency, answer)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (key) DO NOTHING
"""
FAMILY: Final = "SELECT * FROM payment_provider.asked WHERE authorization_key = $1 ORDER BY position"
FIND: Final = "SELECT * FROM payment_provider.asked WHERE key = $1"
MARKED: Final = "SELECT * FROM payment_provider.asked WHERE mark = $1"
NAMED: Final = "SELECT * FROM payment_provider.asked WHERE provider_id = $1 ORDER BY position LIMIT 1"
PROVE: Final = """
    UPDATE payment_provider.asked SET proof = $2
    WHERE key = $1 AND verb = 'authorize' AND answer ->> 'outcome' = 'action_required'
"""
FORGET_PROOF: Final = "UPDATE payment_provider.asked SET proof = NULL WHERE key = $1 AND proof = $2"
KNOW: Final = "UPDATE payment_provider.asked SET provider_id = $2 WHERE key = $1"
SETTLE: Final = """
    UPDATE payment_provider.asked
    SET answer = $2, provider_id = coalesce($3, provider_id), proof = NULL,
        method = CASE WHEN $2::jsonb ->> 'outcome' = 'action_required' THEN method ELSE '' END
    WHERE key = $1 AND (answer IS NULL OR answer ->> 'outcome' = 'action_required') RETURNING answer
"""
CORRECT: Final = """
    UPDATE payment_provider.asked SET answer = $2 WHERE key = $1 AND answer ->> 'outcome' IS DISTINCT FROM 'declined'
"""
REOPEN: Final = """
    UPDATE payment_provider.asked SET answer = NULL
    WHERE authorization_key = $1 AND verb = 'void' AND answer ->> 'outcome' = 'approved'
"""
AGE: Final = "SELECT now() - $1::timestamptz"
LATE: Final = """
    SELECT void.* FROM payment_provider.asked AS void JOIN payment_provider.asked AS held
        ON held.key = void.authorization_key
    WHERE void.verb = 'void' AND void.answer IS NULL AND held.answer ->> 'code' = 'voided'
        AND held.provider_id IS NOT NULL
    ORDER BY void.position LIMIT $1
"""
MAX_CONNECTIONS: Final = 16
_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(Answer).decode


class Journal:
    """On connections of its own, since it is written while others hold theirs.

    Everything raises DatabaseAway (Unavailable) where Postgres is away.
    """

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    @classmethod
    @asynccontextmanager
    async def open(cls, database_url: str) -> AsyncIterator[Self]:
        """The journal in this database, for as long as the context."""
        async with asyncpg.create_pool(
            database_url, min_size=0, max_size=MAX_CONNECTIONS, max_inactive_connection_lifetime=IDLE_S
        ) as pool:
            yield cls(pool)

    async def note(self, wish: Wish) -> tuple[Asked, Family]:
        """Write the wish down, unless it stands there. A void of what was never asked writes a tombstone, too.

        Raises KeyReused where the key stands for another wish; nothing is written.
        """
        async with self._connection() as connection, connection.transaction():
            await connection.execute(ONE_AT_A_TIME, wish.authorization_key)
            fresh = await connection.execute(WRITE, *_row(wish)) == "INSERT 0 1" or planted(NEW_MARK)
            if wish.verb == "void":
                await connection.execute(WRITE, *_tombstone(wish.authorization_key))
            rows = [_asked(row) for row in await connection.fetch(FAMILY, wish.authorization_key)]
            found = next((one for one in rows if one.wish.key == wish.key), None)
            if found is None or not (found.is_for(wish) or _is_tombstone(found, wish)):
                raise KeyReused("This key was used before with other parameters.", operation=wish.verb, key=wish.key)
        return msgspec.structs.replace(found, fresh=fresh), _family(rows, wish.authorization_key)

    async def family(self, authorization_key: str) -> Family:
        """What stands there about one authorization."""
        async with self._connection() as connection:
            rows = [_asked(row) for row in await connection.fetch(FAMILY, authorization_key)]
        return _family(rows, authorization_key)

    async def find(self, key: str) -> Asked | None:
        """The wish with this key."""
        async with self._connection() as connection:
            row = await connection.fetchrow(FIND, key)
        return None if row is None else _asked(row)

    async def marked(self, mark: str) -> Asked | None:
        """The wish with this mark."""
        async with self._connection() as connection:
            row = await connection.fetchrow(MARKED, mark)
        return None if row is None else _asked(row)

    async def named(self, provider_id: str) -> Asked | None:
        """The wish that the provider calls by this name."""
        async with self._connection() as connection:
            row = await connection.fetchrow(NAMED, provider_id)
        return None if row is None else _asked(row)

    async def know(self, key: str, provider_id: str) -> None:
        """Write down the provider's own name for it."""
        async with self._connection() as connection:
            await connection.execute(KNOW, key, provider_id)

    async def settle(self, key: str, answer: Answer) -> Answer:
        """Write down what it came to; the first settled answer stands. Gives the one that stands."""
        async with self._connection() as connection:
            theirs = answer.provider_id if isinstance(answer, Approved) else None
            row = await connection.fetchrow(SETTLE, key, _encode(answer).decode(), theirs)
            row = row or await connection.fetchrow(FIND, key)
        stands: Answer = _decode(row["answer"])
        return stands

    async def correct(self, key: str, answer: Answer) -> None:
        """What was accepted was refused in the end. A refusal stays."""
        async with self._connection() as connection:
            await connection.execute(CORRECT, key, _encode(answer).decode())

    async def keep_proof(self, key: str, proof: str) -> None:
        """What the buyer brought back, as long as that is waited for; the last one counts."""
        async with self._connection() as connection:
            await connection.execute(PROVE, key, proof)

    async def forget_proof(self, key: str, proof: str) -> None:
        """It was worth nothing."""
        async with self._connection() as connection:
            await connection.execute(FORGET_PROOF, key, proof)

    async def reopen_voids(self, authorization_key: str) -> None:
        """It held money after all: its voids have to be asked again."""
        async with self._connection() as connection:
            await connection.execute(REOPEN, authorization_key)

    async def late(self, limit: int) -> list[Asked]:
        """Voids to be asked again, oldest first."""
        async with self._connection() as connection:
            return [_asked(row) for row in await connection.fetch(LATE, limit)]

    async def age(self, asked: Asked) -> timedelta:
        """How long ago it was written down, by the database's clock."""
        async with self._connection() as connection:
            passed: timedelta = await connection.fetchval(AGE, asked.asked_at)
        return passed

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        try:
            async with self._pool.acquire() as connection:
                yield connection
        except AWAY as away:
            raise DatabaseAway from away


def _row(wish: Wish) -> tuple[Any, ...]:
    amount = wish.amount
    return (
        *(wish.key, wish.mark, wish.verb, wish.authorization_key, wish.reference, wish.method, wish.method_digest),
        *(amount.minor, amount.currency, None),
    )


def _tombstone(authorization_key: str) -> tuple[Any, ...]:
    wish = Wish(verb="authorize", key=authorization_key, authorization_key=authorization_key, amount=Money(0, ""))
    return (*_row(wish)[:-1], _encode(declined(DeclineCode.VOIDED)).decode())


def _is_tombstone(found: Asked, wish: Wish) -> bool:
    return found.wish.verb == wish.verb == "authorize" and found.voided and found.wish.amount.minor == 0


def _family(rows: list[Asked], authorization_key: str) -> Family:
    of = next((one for one in rows if one.wish.key == authorization_key), None)
    return Family(of=of, about=[one for one in rows if one is not of])


def _asked(row: Any) -> Asked:
    return Asked(
        position=row["position"],
        wish=Wish(
            verb=row["verb"],
            key=row["key"],
            authorization_key=row["authorization_key"],
            amount=Money(row["amount_minor"], row["currency"]),
            method=row["method"],
            reference=row["reference"],
        ),
        method_digest=row["method_digest"],
        provider_id=row["provider_id"],
        answer=None if row["answer"] is None else _decode(row["answer"]),
        asked_at=row["asked_at"],
        proof=row["proof"],
    )
