"""Books what came where others cannot book it themselves, because inventory has a database of its own."""

from collections import defaultdict
from collections.abc import Sequence

from tradewind.contexts.inventory.adjust_stock import many
from tradewind.contracts.inventory import Delivery, GoodsAnnounced
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import apart, subscriber


@apart
@subscriber
async def on_goods_announced(events: Sequence[GoodsAnnounced], tx: Tx) -> None:
    """Those of one reason together, each SKU once; what has a reference that is booked already is left out."""
    turns: dict[tuple[int, str], dict[str, Delivery]] = defaultdict(dict)
    for event in events:
        turn = next(n for n in range(len(events)) if event.sku not in turns[n, event.reason])
        delivery = Delivery(event.sku, event.product_id, event.quantity, event.reference)
        turns[turn, event.reason][event.sku] = delivery
    for (_, reason), deliveries in sorted(turns.items()):
        await many.receive(tx, list(deliveries.values()), reason=reason)
        await tx.flush()
