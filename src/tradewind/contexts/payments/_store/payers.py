"""The SQL of payments.payer: who asks from another process, and whether they were called off."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import planted

HOLD: Final = """
    INSERT INTO payments.payer AS p (id, called_off) VALUES ($1, $2)
    ON CONFLICT (id) DO UPDATE SET called_off = p.called_off OR excluded.called_off RETURNING called_off
"""

HOLD_KNOWN: Final = """
    INSERT INTO payments.payer AS p (id, called_off)
    SELECT order_id, false FROM payments.payments WHERE order_id = ANY($1::uuid[]) ORDER BY order_id
    ON CONFLICT (id) DO UPDATE SET called_off = p.called_off RETURNING id, called_off
"""


async def hold(tx: Tx, payer_id: UUID, *, calls_off: bool = False) -> bool:
    """Whether the payer was called off, as it is by this where it `calls_off`; held until the transaction ends."""
    return bool(await tx.value(HOLD, payer_id, calls_off))


class KnownPayers:
    """Answers to contracts.payers.KnownPayersPeer."""

    async def hold(self, tx: Any, ids: Sequence[UUID]) -> Mapping[UUID, bool]:
        """Those that have a payment, in the order of their ids; whoever asked before there were such rows gets one."""
        rows = await tx.all(HOLD_KNOWN, list(ids)) if ids else []
        return {row["id"]: row["called_off"] and not planted("called_off_is_forgotten") for row in rows}
