"""The stock of one SKU as shoppers see it, in each warehouse, kept as the body that goes over the wire.

Every event of stock takes it out of every process's cache, and the next look sets what counts then: no event says all
that it shows. The numbers alone are put there by the events themselves (`numbers`).
"""

from typing import Final, TypeAlias

from tradewind.api.rest import encoded
from tradewind.contexts.inventory.query_stock.numbers import KEPT_S, KEY, KEY_BY_SKU, Standings, set_numbers
from tradewind.contexts.inventory.query_stock.query import QueryStock, query_stock
from tradewind.contracts.inventory import (
    BackorderAllotted,
    BackorderGivenUp,
    BundleChanged,
    InventoryBackordered,
    InventoryReleased,
    InventoryReservationExpired,
    InventoryReserved,
    ReservationConfirmed,
    StockAdjusted,
)
from tradewind.contracts.messages import Command
from tradewind.ports.cache import Cache
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query
from tradewind.runtime.keeping import Encoded, Kept
from tradewind.runtime.subscriptions import Here, listener
from tradewind.runtime.telemetry import metrics

PREFIX: Final = "inventory:"
Moved: TypeAlias = (
    InventoryReserved
    | ReservationConfirmed
    | InventoryReleased
    | InventoryReservationExpired
    | InventoryBackordered
    | BackorderAllotted
    | BackorderGivenUp
)
_staleness = metrics.cache_staleness_ms.labels("inventory")


class ShowStock(Command, frozen=True):
    """The stock of one SKU, as GET answers it."""

    sku: str


def _key(command: ShowStock) -> str:
    return KEY_BY_SKU.format(command.sku)


@query(action="inventory.query_stock", kept=Kept("inventory", _key, KEPT_S, unless="inventory.adjust_stock"))
async def show_stock(command: ShowStock, tx: Tx) -> Encoded:
    """The body; refuses with NoSuchStock, which is not kept. Who adjusts stock is answered from the rows."""
    found = await query_stock(QueryStock(sku=command.sku), tx)
    return encoded(found, 1, KEY.format(found.product_id))


def forget_all(here: Here) -> None:
    """Events may have been missed."""
    here.peer(Cache).clear(PREFIX)
    here.peer(Standings).clear()


@listener(reset=forget_all)
def forget_stock(event: StockAdjusted | BundleChanged | Moved, here: Here) -> None:
    """Whatever tells that stock has moved was told by the transaction that moved it, and says the numbers after it."""
    if isinstance(event, StockAdjusted | BundleChanged):
        tags = [KEY.format(event.product_id), KEY_BY_SKU.format(event.sku)]
    else:
        tags = [KEY_BY_SKU.format(line.sku) for line in event.items]
    if here.peer(Cache).forget(*tags, at=here.at):
        _staleness.observe(here.age_ms)
    set_numbers(event, here)
