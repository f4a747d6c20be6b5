"""The stock of one product in numbers alone, which events themselves put into every process's cache (S0-84).

However often they move, nobody asks the database for them: a page that shows how many are left looks again and again
while everybody buys. Of a SKU's numbers those with the greatest version count, in whichever sequence they are heard. A
process puts none there before it has once read the rows of that SKU: it may have begun to hear in the midst of a
sequence, and would take an older word for the newest.
"""

from typing import Final, NamedTuple
from uuid import UUID

from cachetools import LRUCache
from msgspec import Struct, structs

from tradewind.api.rest import encoded
from tradewind.contexts.inventory._domain.stock import NoSuchStock
from tradewind.contexts.inventory._store import standings
from tradewind.contracts.inventory import BundleChanged, Level
from tradewind.contracts.messages import Command, Event
from tradewind.ports.cache import Cache
from tradewind.ports.stock_snapshots import Standing
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query
from tradewind.runtime.keeping import Encoded, Kept
from tradewind.runtime.subscriptions import Here

KEY: Final = "inventory:{}"
"""By product id: where the numbers are kept, and a tag of what else is kept of the product's stock."""
KEY_BY_SKU: Final = "inventory:sku:{}"
KEPT_S: Final = 60.0
"""Events replace the numbers long before, where there are any; this bounds what a lost one could do."""
REMEMBERED: Final = 50_000
"""SKUs, those heard of last."""


class StockNumbers(Struct, frozen=True, kw_only=True, rename="camel"):
    """`on_hand` lie in all warehouses, `reserved` of these are promised, `available` can still be promised."""

    sku: str
    product_id: UUID
    on_hand: int
    reserved: int
    available: int


class ShowStockNumbers(Command, frozen=True):
    """The numbers of one product's stock."""

    product_id: UUID


class _Known(NamedTuple):
    standing: Standing
    was_read: bool


class Standings:
    """One process's memory of where SKUs stand: the newest word of rows and of events."""

    def __init__(self) -> None:
        self._known: LRUCache[str, _Known] = LRUCache(REMEMBERED)

    def read(self, standing: Standing) -> Standing:
        """Note what the rows say; the newest word."""
        newest = self._newest(standing)
        self._known[standing.sku] = _Known(newest, was_read=True)
        return newest

    def heard(self, standing: Standing) -> Standing | None:
        """Note what an event says; the newest word, where the rows were read before."""
        before = self._known.get(standing.sku)
        newest = self._newest(standing)
        self._known[standing.sku] = _Known(newest, was_read=before is not None and before.was_read)
        return newest if self._known[standing.sku].was_read else None

    def clear(self) -> None:
        """Events may have been missed."""
        self._known.clear()

    def _newest(self, standing: Standing) -> Standing:
        """The later of both words, with the product's id where one of them says it."""
        before = self._known.get(standing.sku)
        if before is None:
            return standing
        newest = before.standing if before.standing.version > standing.version else standing
        return structs.replace(newest, product_id=standing.product_id or before.standing.product_id)


def _key(command: ShowStockNumbers) -> str:
    return KEY.format(command.product_id)


@query(action="inventory.query_stock", kept=Kept("stock_numbers", _key, KEPT_S, unless="inventory.adjust_stock"))
async def show_stock_numbers(command: ShowStockNumbers, tx: Tx) -> Encoded:
    """The body; refuses with NoSuchStock, which is not kept. Who adjusts stock is answered from the rows."""
    found = await standings.of_product(tx, command.product_id)
    if found is None:
        raise NoSuchStock("There is no stock of this product.", productId=str(command.product_id))
    tx.peer(Standings).read(found)
    return _body(found, command.product_id)


def set_numbers(event: Event, here: Here) -> None:
    """Put the numbers that count after this event in place of those that are kept."""
    for standing in said_by(event):
        newest = here.peer(Standings).heard(standing)
        if newest is not None and newest.product_id is not None:
            body, key = _body(newest, newest.product_id), KEY.format(newest.product_id)
            here.peer(Cache).put(key, body.as_bytes(), KEPT_S, body.shows, at=here.at)


def said_by(event: Event) -> list[Standing]:
    """Where an event says that SKUs stand; of a bundle there are as many as can be put together. Old ones say none."""
    product_id: UUID | None = getattr(event, "product_id", None)
    if isinstance(event, BundleChanged):
        return [Standing(event.sku, event.version, event.available, 0, product_id)] if event.version else []
    levels: tuple[Level, ...] = getattr(event, "levels", ())
    own: str | None = getattr(event, "sku", None)
    return [
        Standing(one.sku, one.version, one.on_hand, one.reserved, product_id if one.sku == own else None)
        for one in levels
    ]


def _body(standing: Standing, product_id: UUID) -> Encoded:
    numbers = StockNumbers(
        sku=standing.sku,
        product_id=product_id,
        on_hand=standing.on_hand,
        reserved=standing.reserved,
        available=max(0, standing.on_hand - standing.reserved),
    )
    return encoded(numbers, 1, KEY_BY_SKU.format(standing.sku))
