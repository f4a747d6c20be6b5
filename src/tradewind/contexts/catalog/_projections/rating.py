"""The read model rating: what the reviews of each product add up to, as reviews tells it."""

from collections.abc import Sequence
from typing import Final

from tradewind.contracts.reviews import RatingChanged
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import projection

RATE: Final = """
    INSERT INTO catalog.rating (product_id, average, count)
    SELECT * FROM unnest($1::uuid[], $2::numeric[], $3::int[])
    ON CONFLICT (product_id) DO UPDATE SET average = excluded.average, count = excluded.count
"""


@projection("catalog.rating")
async def rating(events: Sequence[RatingChanged], tx: Tx) -> None:
    """The last one told of each product is what is shown."""
    last = {event.product_id: event for event in events}
    ids = sorted(last)
    await tx.run(RATE, ids, [last[one].average for one in ids], [last[one].count for one in ids])
