"""The SQL of payments.payer: who asks from another process, and whether they were called off."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import planted

HOLD: Final = """
    INSERT INTO payments.payer AS p (id, called_off) VALUES ($1, $2)
    ON CONFLICT (id) DO UPDATE SET called_off = p.called_off OR excluded.called_off RETURNING called_off
"""
CALL_OFF: Final = """
    INSERT INTO payments.payer (id, called_off)
    SELECT id, true FROM unnest($1::uuid[]) AS u (id)
    WHERE NOT EXISTS (SELECT FROM payments.payments AS p WHERE p.order_id = u.id) ORDER BY id
    ON CONFLICT (id) DO UPDATE SET called_off = true
"""

HOLD_KNOWN: Final = """
    INSERT INTO payments.payer AS p (id, called_off)
    SELECT order_id, false FROM payments.payments WHERE order_id = ANY($1::uuid[]) ORDER BY order_id
    ON CONFLICT (id) DO UPDATE SET called_off = p.called_off RETURNING id, called_off
"""
CALL_OFF_ANY: Final = """
    INSERT INTO payments.payer (id, called_off) SELECT id, true FROM unnest($1::uuid[]) AS u (id) ORDER BY id
    ON CONFLICT (id) DO UPDATE SET called_off = true
"""


async def call_off_any(tx: Tx, payer_ids: Sequence[UUID]) -> None:
    """None of these, each named once, is authorized any more; held until the transaction ends."""
    await tx.run(CALL_OFF_ANY, list(payer_ids))


async def hold(tx: Tx, payer_id: UUID, *, calls_off: bool = False) -> bool:
    """Whether the payer was called off, as it is by this where it `calls_off`; held until the transaction ends."""
    return bool(await tx.value(HOLD, payer_id, calls_off))


async def call_off(tx: Tx, payer_ids: Iterable[UUID]) -> None:
    """Those of these for whom no payment was ever opened are called off; held until the transaction ends."""
    await tx.run(CALL_OFF, sorted(set(payer_ids)))


class KnownPayers:
    """Answers to contracts.payers.KnownPayersPeer."""

    async def hold(self, tx: Any, ids: Sequence[UUID]) -> Mapping[UUID, bool]:
        """Those that have a payment, in the order of their ids; whoever asked before there were such rows gets one."""
        rows = await tx.all(HOLD_KNOWN, list(ids)) if ids else []
        return {row["id"]: row["called_off"] and not planted("called_off_is_forgotten") for row in rows}
