"""Who holds a payment: one row, written before anybody is asked, in a transaction of its own.

A payment that was taken to the gateway stays there as long as one call may have reached it: `doubts` counts the calls
that were begun and not seen to fail before they were sent. A process that dies leaves its doubt behind, for good.
"""

from enum import StrEnum
from typing import Any, Final, LiteralString, Protocol

from tradewind.runtime.call import internal_call
from tradewind.runtime.database import Database

BEGIN: Final = """
    INSERT INTO payments.route AS r (authorization_key, provider, doubts) VALUES ($1, 'soap', 1)
    ON CONFLICT (authorization_key) DO UPDATE SET doubts = r.doubts + (r.provider = 'soap')::int RETURNING provider
"""
NEVER_SENT: Final = """
    UPDATE payments.route
    SET doubts = doubts - 1, provider = CASE WHEN doubts = 1 THEN 'rest' ELSE provider END
    WHERE authorization_key = $1 AND provider = 'soap' RETURNING provider
"""
TAKE_ELSEWHERE: Final = """
    INSERT INTO payments.route AS r (authorization_key, provider, doubts) VALUES ($1, 'rest', 0)
    ON CONFLICT (authorization_key) DO UPDATE SET doubts = r.doubts RETURNING provider
"""
FIND: Final = "SELECT provider FROM payments.route WHERE authorization_key = $1"


class Holder(StrEnum):
    """A provider of money."""

    SOAP = "soap"
    REST = "rest"


class Routes(Protocol):
    """The book of who holds what."""

    async def begin(self, authorization_key: str) -> Holder:
        """Take a new payment to the gateway, and count a doubt; whoever has it already keeps it."""
        ...

    async def never_sent(self, authorization_key: str) -> Holder:
        """A call that was begun did not reach the gateway: where no other may have, REST has the payment."""
        ...

    async def take_elsewhere(self, authorization_key: str) -> Holder:
        """Take a new payment to REST; whoever has it already keeps it."""
        ...

    async def find(self, authorization_key: str) -> Holder | None:
        """Who holds it; None for a payment that was never taken to the gateway."""
        ...


class StoredRoutes:
    """The book in the shop's database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def begin(self, authorization_key: str) -> Holder:
        """See Routes."""
        return Holder(await self._value(BEGIN, authorization_key))

    async def never_sent(self, authorization_key: str) -> Holder:
        """See Routes."""
        return Holder(await self._value(NEVER_SENT, authorization_key) or Holder.REST)

    async def take_elsewhere(self, authorization_key: str) -> Holder:
        """See Routes."""
        return Holder(await self._value(TAKE_ELSEWHERE, authorization_key))

    async def find(self, authorization_key: str) -> Holder | None:
        """See Routes."""
        found = await self._value(FIND, authorization_key)
        return None if found is None else Holder(found)

    async def _value(self, sql: LiteralString, authorization_key: str) -> Any:
        async with self._db.transaction(internal_call("payments.route")) as tx:
            return await tx.value(sql, authorization_key)
