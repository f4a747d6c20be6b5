"""The read model sold_out (S3-29): since when nothing more of a SKU can be promised.

Whether that is still so, `availability` says: that something came back is told by events of stock, which have numbers.
"""

from collections.abc import Sequence
from typing import Final

from tradewind.contracts.inventory import OutOfStock
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import Told, projection

SET: Final = """
    INSERT INTO catalog.sold_out AS s (sku, since)
    SELECT * FROM unnest($1::text[], $2::timestamptz[])
    ON CONFLICT (sku) DO UPDATE SET since = excluded.since
    WHERE s.since < excluded.since
"""


@projection("catalog.sold_out")
async def sold_out(events: Sequence[Told[OutOfStock]], tx: Tx) -> None:
    """One statement however many events. Of a SKU the latest word counts, in whichever order they come.

    By the clock of inventory's database: what comes from another log has no place in this one.
    """
    last: dict[str, Told[OutOfStock]] = {}
    for one in events:
        known = last.get(one.event.sku)
        if known is None or known.told_at < one.told_at:
            last[one.event.sku] = one
    await tx.run(SET, list(last), [one.told_at for one in last.values()])
