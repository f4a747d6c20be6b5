"""The SQL of pricing.withheld: what has a price and is not sold."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from tradewind.runtime.database import Tx

WITHHOLD: Final = "INSERT INTO pricing.withheld SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING"
OFFER: Final = "DELETE FROM pricing.withheld WHERE product_id = ANY($1::uuid[])"


async def withhold(tx: Tx, product_ids: Sequence[UUID]) -> None:
    """From the commit on these have no price that an order could be placed at."""
    await tx.run(WITHHOLD, sorted(product_ids))


async def offer(tx: Tx, product_ids: Sequence[UUID]) -> None:
    """Their prices count again."""
    await tx.run(OFFER, sorted(product_ids))
