"""What payments hold of a person: by which method an order was paid, and which methods they keep."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from tradewind.contexts.payments._store import methods
from tradewind.contracts.privacy import OrdersOfPeer, Person
from tradewind.runtime.database import Tx

OF: Final = """
    SELECT order_id, status, method, currency, amount_minor, captured_minor, refunded_minor, created_at
    FROM payments.payments WHERE order_id = ANY($1::uuid[]) OR part_of = ANY($1::uuid[]) ORDER BY created_at, order_id
"""
REFUNDS: Final = """
    SELECT order_id, amount_minor, reason, status, created_at
    FROM payments.refund WHERE order_id IN (
        SELECT order_id FROM payments.payments WHERE order_id = ANY($1::uuid[]) OR part_of = ANY($1::uuid[]))
    ORDER BY created_at, id
"""
FORGET: Final = """
    UPDATE payments.payments SET method = 'erased'
    WHERE (order_id = ANY($1::uuid[]) OR part_of = ANY($1::uuid[])) AND method <> 'erased'
"""


class PaymentData:
    """Answers to PersonalData and to PersonsPeer.

    Amounts, the provider's ids and keys are the books; the provider keeps its own.
    """

    async def export(self, tx: Tx, person: Person) -> Mapping[str, Any]:
        """Payments, refunds and the methods that are kept; amounts in minor units."""
        return await held_of(tx, person.user_id, await tx.peer(OrdersOfPeer).order_ids(tx, person))

    async def erase(self, tx: Tx, person: Person) -> None:
        """Forget the methods."""
        await self.forget(tx, person.user_id, await tx.peer(OrdersOfPeer).order_ids(tx, person))

    async def forget(self, tx: Any, user_id: str, order_ids: Sequence[UUID]) -> None:
        """Forget the methods that the user keeps, and those by which these orders were paid."""
        await tx.run(methods.FORGET, [user_id])
        await tx.run(FORGET, list(order_ids))


async def held_of(tx: Tx, user_id: str, order_ids: Sequence[UUID]) -> dict[str, list[dict[str, Any]]]:
    """How these orders of the user were paid and given back, and the methods that the user keeps."""
    return {
        "payments": [dict(row) for row in await tx.all(OF, list(order_ids))],
        "methods": [dict(row) for row in await methods.of(tx, user_id)],
        "refunds": [dict(row) for row in await tx.all(REFUNDS, list(order_ids))],
    }
