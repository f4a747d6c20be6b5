"""The payment's SQL: many payments at once, each statement a constant."""

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from tradewind.contexts.payments._domain.payment import Payment, Status
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx

INSERT: Final = """
    INSERT INTO payments.payments (order_id, id, status, method, currency, amount_minor, authorization_key)
    SELECT a, b, 'INITIATED', c, d, e, f
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::text[]) AS u (a, b, c, d, e, f)
"""
INSERT_BY_HAND: Final = """
    INSERT INTO payments.payments (order_id, id, status, method, currency, amount_minor, authorization_key, by_hand)
    SELECT a, b, 'INITIATED', c, d, e, f, true
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::text[]) AS u (a, b, c, d, e, f)
"""
LOCK: Final = "SELECT * FROM payments.payments WHERE order_id = ANY($1::uuid[]) ORDER BY order_id FOR UPDATE"
READ: Final = "SELECT * FROM payments.payments WHERE order_id = $1"
HELD: Final = """
    SELECT order_id FROM payments.payments WHERE order_id = ANY($1::uuid[]) AND status IN ('AUTHORIZED', 'CAPTURED')
"""
SAVE: Final = """
    UPDATE payments.payments AS p
    SET status = u.status, captured_minor = u.captured, refunded_minor = u.refunded, provider_id = u.provider_id,
        why = u.why, authorization_key = u.key, method = u.method, changed_at = now()
    FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[])
         AS u (order_id, status, captured, refunded, provider_id, why, key, method)
    WHERE p.order_id = u.order_id
"""


def insert(tx: Tx, payments: Sequence[Payment]) -> None:
    """Write new intents."""
    for statement, by_hand in ((INSERT, False), (INSERT_BY_HAND, True)):
        if ours := [payment for payment in payments if payment.by_hand is by_hand]:
            tx.later(
                statement, [p.order_id for p in ours], [p.id for p in ours], [p.method for p in ours],
                [p.amount.currency for p in ours], [p.amount.minor for p in ours],
                [p.authorization_key for p in ours],
            )  # fmt: skip


def save(tx: Tx, payments: Sequence[Payment]) -> None:
    """Write where locked payments stand now."""
    if payments:
        tx.later(
            SAVE, [p.order_id for p in payments], [p.status.value for p in payments], [p.captured for p in payments],
            [p.refunded for p in payments], [p.provider_id for p in payments], [p.why for p in payments],
            [p.authorization_key for p in payments], [p.method for p in payments],
        )  # fmt: skip


async def lock(tx: Tx, order_ids: Iterable[UUID]) -> dict[UUID, Payment]:
    """The payments of these orders that exist, by order, locked until the end of the transaction."""
    return {row["order_id"]: payment_of(row) for row in await tx.all(LOCK, list(order_ids))}


def payment_of(row: Any) -> Payment:
    """The payment that a row holds."""
    return Payment(
        id=row["id"],
        order_id=row["order_id"],
        amount=Money(row["amount_minor"], row["currency"]),
        method=row["method"],
        authorization_key=row["authorization_key"],
        status=Status(row["status"]),
        captured=row["captured_minor"],
        refunded=row["refunded_minor"],
        provider_id=row["provider_id"],
        why=row["why"],
        by_hand=row["by_hand"],
        to_capture=row["to_capture_minor"],
    )
