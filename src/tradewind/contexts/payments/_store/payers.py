"""The SQL of payments.payer: who asks from another process, and whether they were called off."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from tradewind.runtime.database import Tx

HOLD: Final = """
    INSERT INTO payments.payer AS p (id, called_off) VALUES ($1, $2)
    ON CONFLICT (id) DO UPDATE SET called_off = p.called_off OR excluded.called_off RETURNING called_off
"""
CALL_OFF: Final = """
    INSERT INTO payments.payer (id, called_off) SELECT id, true FROM unnest($1::uuid[]) AS u (id) ORDER BY id
    ON CONFLICT (id) DO UPDATE SET called_off = true
"""


async def call_off(tx: Tx, payer_ids: Sequence[UUID]) -> None:
    """None of these, each named once, is authorized any more; held until the transaction ends."""
    await tx.run(CALL_OFF, list(payer_ids))


async def hold(tx: Tx, payer_id: UUID, *, calls_off: bool = False) -> bool:
    """Whether the payer was called off, as it is by this where it `calls_off`; held until the transaction ends."""
    return bool(await tx.value(HOLD, payer_id, calls_off))
