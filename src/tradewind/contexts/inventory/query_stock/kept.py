"""The stock of one SKU as shoppers see it, kept as the body that goes over the wire (S0-84).

Every event of stock takes the numbers out of every process's cache, and the next look sets what counts then. No event's
own numbers are put there: the log is in the order in which transactions began to write, while two that changed the same
SKU may have had it in the other order, and the numbers of the first would be kept in place of the second's.
"""

from typing import Final, TypeAlias

from tradewind.api.rest import encoded
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
KEY: Final = "inventory:{}"
"""By product id: a tag of what is kept by SKU."""
KEY_BY_SKU: Final = "inventory:sku:{}"
KEPT_S: Final = 60.0
"""Events forget the numbers long before, where there are any; this bounds what a lost one could do."""
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


@listener(reset=forget_all)
def forget_stock(event: StockAdjusted | BundleChanged | Moved, here: Here) -> None:
    """Whatever tells that stock has moved was told by the transaction that moved it."""
    if isinstance(event, StockAdjusted | BundleChanged):
        tags = [KEY.format(event.product_id), KEY_BY_SKU.format(event.sku)]
    else:
        tags = [KEY_BY_SKU.format(line.sku) for line in event.items]
    if here.peer(Cache).forget(*tags, at=here.at):
        _staleness.observe(here.age_ms)
