"""The SQL of payments.payment_method: how people pay, as their providers' tokens."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from tradewind.contracts.payers import SAVED, paid_as
from tradewind.contracts.payments import Charge
from tradewind.runtime.database import Tx

HOLD: Final = "SELECT pg_advisory_xact_lock(hashtextextended('payments.payment_method/' || $1, 0))"
OF: Final = "SELECT * FROM payments.payment_method WHERE user_id = $1 ORDER BY is_default DESC, id"
YIELD: Final = "UPDATE payments.payment_method SET is_default = false WHERE user_id = $1 AND is_default"
SAVE: Final = """
    INSERT INTO payments.payment_method (id, user_id, provider, token, brand, last4, exp_month, exp_year, is_default)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (user_id, provider, token) DO UPDATE SET brand = excluded.brand, last4 = excluded.last4,
        exp_month = excluded.exp_month, exp_year = excluded.exp_year, is_default = excluded.is_default
    RETURNING *
"""
REMOVE: Final = "DELETE FROM payments.payment_method WHERE user_id = $1 AND id = $2 RETURNING is_default"
INHERIT: Final = """
    UPDATE payments.payment_method SET is_default = true
    WHERE id = (SELECT id FROM payments.payment_method WHERE user_id = $1 ORDER BY id LIMIT 1)
"""
TOKENS: Final = """
    SELECT u.n, m.token FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS u (user_id, named, n)
    JOIN payments.payment_method AS m
        ON m.user_id = u.user_id AND (m.id::text = u.named OR u.named = 'default' AND m.is_default)
"""
PAID_BY: Final = "SELECT order_id, method FROM payments.payments WHERE order_id = ANY($1::uuid[])"
FORGET: Final = "DELETE FROM payments.payment_method WHERE user_id = ANY($1::text[])"


async def hold(tx: Tx, user_id: str) -> None:
    """Nobody else changes this user's methods until the transaction ends."""
    await tx.value(HOLD, user_id)


async def of(tx: Tx, user_id: str) -> Sequence[Any]:
    """Their rows, the default first, then the oldest."""
    return await tx.all(OF, user_id)


async def remove(tx: Tx, user_id: str, method_id: UUID) -> bool:
    """Take it away; was it the default, the oldest that is left becomes that. False: there was none."""
    was_default = await tx.value(REMOVE, user_id, method_id)
    if was_default:
        await tx.run(INHERIT, user_id)
    return was_default is not None


async def tokens(tx: Tx, named: Sequence[tuple[str, str]]) -> Sequence[str | None]:
    """For each (user, id or `default`) the token; None where that user has no such method."""
    rows = await tx.all(TOKENS, [user_id for user_id, _ in named], [name for _, name in named])
    found = {row["n"]: row["token"] for row in rows}
    return [found.get(number) for number in range(1, len(named) + 1)]


async def of_charges(tx: Tx, charges: Sequence[Charge]) -> Sequence[str | None]:
    """The token by which to pay each of these: what is named is looked up now. None where nothing is kept by the name.

    Nobody pays by what another user keeps.
    """
    named = [(one.user_id or "", one.method.removeprefix(SAVED)) for one in charges]
    saved = await tokens(tx, named)
    others = {one.method: other for one in charges if (other := paid_as(one.method)) is not None}
    rows = await tx.all(PAID_BY, list(others.values())) if others else []
    paid = {row["order_id"]: row["method"] for row in rows}
    return [
        paid.get(others[one.method]) if one.method in others else token
        for one, token in zip(charges, saved, strict=True)
    ]
