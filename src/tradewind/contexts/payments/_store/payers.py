"""The SQL of payments.payer: who asks from another process, and whether they were called off."""

from typing import Final
from uuid import UUID

from tradewind.runtime.database import Tx

HOLD: Final = """
    INSERT INTO payments.payer AS p (id, called_off) VALUES ($1, $2)
    ON CONFLICT (id) DO UPDATE SET called_off = p.called_off OR excluded.called_off RETURNING called_off
"""


async def hold(tx: Tx, payer_id: UUID, *, calls_off: bool = False) -> bool:
    """Whether the payer was called off, as it is by this where it `calls_off`; held until the transaction ends."""
    return bool(await tx.value(HOLD, payer_id, calls_off))
