"""An order was placed (S3-41): what there will be to send is counted by day and country; nothing is planned yet (D7).

The order's saga plans its shipment once goods and money are certain. Vans are booked before that.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, timedelta
from typing import Final

from tradewind.contexts.shipping._store import expected
from tradewind.contexts.shipping._store.expected import KEPT_DAYS, Wanted
from tradewind.contracts.orders import OrderPlaced, OrdersPeer
from tradewind.kernel import clock
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import subscriber

UNNAMED: Final = "ZZ"
"""The country of an order that has no address (ISO 3166 leaves this code to its users)."""


@subscriber
async def on_order_placed(events: Sequence[OrderPlaced], tx: Tx) -> None:
    """A question and a statement however many orders. Each counts on the day when it was placed, however late heard.

    Where it goes orders is asked: events say nothing of addresses.
    """
    first = clock.now().date() - timedelta(days=KEPT_DAYS - 1)
    recent = [(day, one) for one in events if (day := one.placed_at.astimezone(UTC).date()) >= first]
    if not recent:
        return
    countries = await tx.peer(OrdersPeer).countries(tx, [one.order_id for _, one in recent])
    pieces, orders = Counter[tuple[date, str, str]](), Counter[tuple[date, str, str]]()
    for day, one in recent:
        goods = [item for item in one.items if item.product_id is not None]
        for number, item in enumerate(goods):
            key = day, countries.get(one.order_id, UNNAMED), item.sku
            pieces[key] += item.qty
            orders[key] += number == 0
    if pieces:
        await expected.add(tx, [Wanted(*key, pieces[key], orders[key]) for key in sorted(pieces)], first)
