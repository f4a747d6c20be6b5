"""An order was placed (S3-31): what it is of is counted, so that who orders goods again sees what was wanted (D7).

No stock moves: the order's own saga, or its placing, holds the goods. What was sold shows only orders that came to
their end; those that were refused where inventory runs apart, were not paid or were called off were wanted, too.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, timedelta
from typing import Final

from tradewind.contracts.orders import OrderPlaced
from tradewind.kernel import clock
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import subscriber

KEPT_DAYS: Final = 28
COUNT: Final = """
    WITH over AS (DELETE FROM inventory.demand WHERE day < $4)
    INSERT INTO inventory.demand AS d (day, sku, pieces)
    SELECT * FROM unnest($1::date[], $2::text[], $3::bigint[])
    ON CONFLICT (day, sku) DO UPDATE SET pieces = d.pieces + excluded.pieces
"""


@subscriber
async def on_order_placed(events: Sequence[OrderPlaced], tx: Tx) -> None:
    """One statement however many orders. Each counts on the day when it was placed, however late that is heard."""
    first = clock.now().date() - timedelta(days=KEPT_DAYS - 1)
    wanted = Counter[tuple[date, str]]()
    for event in events:
        day = event.placed_at.astimezone(UTC).date()
        for item in event.items if day >= first else ():
            if item.product_id is not None:  # a fee has no goods behind it
                wanted[day, item.sku] += item.qty
    if wanted:
        rows = sorted(wanted.items())
        await tx.run(COUNT, [key[0] for key, _ in rows], [key[1] for key, _ in rows], [n for _, n in rows], first)
