"""The payment's SQL: many payments at once, each statement a constant."""

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from tradewind.contexts.payments._domain.payment import Payment, Status
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx

INSERT: Final = """
    INSERT INTO payments.payments (order_id, id, status, method, currency, amount_minor, authorization_key,
                                   part_of, by_hand, prepaid_minor)
    SELECT a, b, 'INITIATED', c, d, e, f, g, h, i
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::uuid[], $8::bool[],
                $9::bigint[]) AS u (a, b, c, d, e, f, g, h, i)
"""
LOCK: Final = "SELECT * FROM payments.payments WHERE order_id = ANY($1::uuid[]) ORDER BY order_id FOR UPDATE"
LOCK_AND_CREDIT: Final = """
    WITH known AS (SELECT * FROM payments.payments WHERE order_id = ANY($1::uuid[]) ORDER BY order_id FOR UPDATE),
    paid AS (SELECT order_id AS paid_for, sum(amount_minor)::bigint AS credit FROM payments.credit
             WHERE order_id = ANY($1::uuid[]) GROUP BY order_id)
    SELECT * FROM known FULL JOIN paid ON paid_for = order_id
"""
LOCK_WHOLE: Final = """
    SELECT * FROM payments.payments WHERE order_id = ANY($1::uuid[]) OR part_of = ANY($1::uuid[])
    ORDER BY order_id FOR UPDATE
"""
READ: Final = """
    SELECT * FROM payments.payments WHERE order_id = $1 OR part_of = $1 ORDER BY part_of IS NOT NULL, created_at
"""
PARTS: Final = "SELECT order_id FROM payments.payments WHERE part_of = ANY($1::uuid[])"
GIVEN_BACK: Final = """
    SELECT coalesce(part_of, order_id) AS order_id FROM payments.payments
    WHERE order_id = ANY($1::uuid[]) OR part_of = ANY($1::uuid[])
    GROUP BY 1 HAVING sum(captured_minor) > 0 AND sum(captured_minor) = sum(refunded_minor)
"""
HELD: Final = """
    SELECT order_id FROM payments.payments WHERE order_id = ANY($1::uuid[]) AND status IN ('AUTHORIZED', 'CAPTURED')
"""
ONLY_HELD: Final = """
    SELECT EXISTS (SELECT FROM payments.payments
                   WHERE order_id = $1 AND by_hand AND status = 'AUTHORIZED' AND to_capture_minor IS NULL)
"""
SAVE: Final = """
    UPDATE payments.payments AS p
    SET status = u.status, captured_minor = u.captured, refunded_minor = u.refunded, provider_id = u.provider_id,
        why = u.why, authorization_key = u.key, method = u.method, elsewhere_minor = u.elsewhere, changed_at = now()
    FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[],
                $9::bigint[]) AS u (order_id, status, captured, refunded, provider_id, why, key, method, elsewhere)
    WHERE p.order_id = u.order_id
"""


def insert(tx: Tx, payments: Sequence[Payment]) -> None:
    """Write new intents."""
    if payments:
        tx.later(
            INSERT, [p.order_id for p in payments], [p.id for p in payments], [p.method for p in payments],
            [p.amount.currency for p in payments], [p.amount.minor for p in payments],
            [p.authorization_key for p in payments], [p.part_of for p in payments], [p.by_hand for p in payments],
            [p.prepaid for p in payments],
        )  # fmt: skip


def save(tx: Tx, payments: Sequence[Payment]) -> None:
    """Write where locked payments stand now."""
    if payments:
        tx.later(
            SAVE, [p.order_id for p in payments], [p.status.value for p in payments], [p.captured for p in payments],
            [p.refunded for p in payments], [p.provider_id for p in payments], [p.why for p in payments],
            [p.authorization_key for p in payments], [p.method for p in payments], [p.elsewhere for p in payments],
        )  # fmt: skip


async def lock(tx: Tx, order_ids: Iterable[UUID]) -> dict[UUID, Payment]:
    """The payments of these orders that exist, by order, locked until the end of the transaction."""
    return {row["order_id"]: payment_of(row) for row in await tx.all(LOCK, list(order_ids))}


async def lock_and_credit(tx: Tx, order_ids: Iterable[UUID]) -> tuple[dict[UUID, Payment], dict[UUID, int]]:
    """As `lock`, and how much of each order was paid by others' charges, for those where something was."""
    rows = await tx.all(LOCK_AND_CREDIT, list(order_ids))
    known = {row["order_id"]: payment_of(row) for row in rows if row["order_id"]}
    return known, {row["paid_for"]: row["credit"] for row in rows if row["paid_for"]}


async def lock_whole(tx: Tx, order_ids: Iterable[UUID]) -> dict[UUID, list[Payment]]:
    """All payments of each of these orders, its own first, locked until the end of the transaction."""
    found: dict[UUID, list[Payment]] = {}
    for row in await tx.all(LOCK_WHOLE, list(order_ids)):
        found.setdefault(row["part_of"] or row["order_id"], []).append(payment_of(row))
    return {order_id: sorted(own, key=lambda one: one.part_of is not None) for order_id, own in found.items()}


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
        part_of=row["part_of"],
        prepaid=row["prepaid_minor"],
        elsewhere=row["elsewhere_minor"],
    )
