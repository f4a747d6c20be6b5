"""The read model sold_out (S3-29): since when nothing more of a SKU can be promised.

Whether that is still so, `availability` says: that something came back is told by events of stock, which have numbers.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from tradewind.contracts.inventory import OutOfStock
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import Told, projection

SET: Final = """
    INSERT INTO catalog.sold_out AS s (sku, product_id, since, place)
    SELECT * FROM unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::bigint[])
    ON CONFLICT (sku) DO UPDATE SET
        product_id = excluded.product_id, since = excluded.since, place = excluded.place
    WHERE s.place < excluded.place
"""


@projection("catalog.sold_out")
async def sold_out(events: Sequence[Told[OutOfStock]], tx: Tx) -> None:
    """One statement however many events. Of a SKU the word that stands last in the log counts, whenever it comes."""
    last: dict[str, Told[OutOfStock]] = {}
    for one in events:
        known = last.get(one.event.sku)
        if known is None or known.position < one.position:
            last[one.event.sku] = one
    products: list[UUID] = [one.event.product_id for one in last.values()]
    since, places = [one.told_at for one in last.values()], [one.position for one in last.values()]
    await tx.run(SET, list(last), products, since, places)
