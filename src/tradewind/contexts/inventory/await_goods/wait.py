"""Wait: an order whose goods are not all there stands in the queue of each of them, those that are there too.

So it takes nothing that others wait for, and nobody who comes after takes what it waits for.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from tradewind.contexts.inventory._domain.stock import Stock
from tradewind.contexts.inventory._store import backorders, stock
from tradewind.contexts.inventory._store.backorders import NewLine
from tradewind.contracts.inventory import AwaitedLine, InventoryBackordered, Wanted
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Tx


async def wait(tx: Tx, wanted: Sequence[Wanted]) -> list[InventoryBackordered | None]:
    """In order of arrival, each wholly or not at all; None where one may not be waited for. The caller tells.

    What was put off is written first: what others of this transaction hold is gone.
    """
    await tx.flush()
    found = await stock.hold(tx, sorted({sku for order in wanted for sku in order.quantities}))
    left = {sku: one.orderable for sku, one in found.items()}
    moment = await backorders.now(tx) if any(_may_wait(one) for one in found.values()) else None
    if moment is None:
        return [None] * len(wanted)
    answers = [_queued(order, found, moment) if _fits(order, left) else None for order in wanted]
    lines = [NewLine(new_id(), told.order_id, line.sku, line.qty, told.until)
             for told in answers if told for line in told.items]  # fmt: skip
    if lines:
        await backorders.add_lines(tx, lines)
        pieces: dict[str, int] = {}
        for line in lines:
            pieces[line.sku] = pieces.get(line.sku, 0) + line.quantity
        await stock.queued(tx, pieces)
    return answers


def _may_wait(one: Stock) -> bool:
    return one.terms.limit > 0 or one.terms.unreleased


def _fits(order: Wanted, left: dict[str, int]) -> bool:
    """Whether all of it may be waited for; then it is taken from what is left."""
    fits = all(left.get(sku, 0) >= quantity for sku, quantity in order.quantities.items())
    if fits:
        for sku, quantity in order.quantities.items():
            left[sku] -= quantity
    return fits


def _queued(order: Wanted, found: Mapping[str, Stock], moment: datetime) -> InventoryBackordered:
    terms = [found[sku].terms for sku in sorted(order.quantities)]
    released = [one.releases_at for one in terms if one.unreleased and one.releases_at]
    starts = max(released, default=moment)
    return InventoryBackordered(
        order_id=order.order_id,
        items=tuple(AwaitedLine(sku, quantity) for sku, quantity in sorted(order.quantities.items())),
        until=starts + timedelta(days=max(one.patience_days for one in terms)),
        expected_at=max(released, default=None),
    )
