"""How many there are."""

from uuid import UUID

from msgspec import Struct

from tradewind.contexts.inventory._domain.stock import NoSuchStock, Stock
from tradewind.contexts.inventory._store import stock
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query


class QueryStock(Command, frozen=True):
    """The stock of one SKU."""

    sku: str


class ShelfView(Struct, frozen=True, kw_only=True, rename="camel"):
    """What of it lies in one warehouse."""

    warehouse: str
    on_hand: int
    reserved: int
    available: int


class StockView(Struct, frozen=True, kw_only=True, rename="camel"):
    """`on_hand` lie in all warehouses, `reserved` of these are promised, `available` can still be promised."""

    sku: str
    product_id: UUID
    on_hand: int
    reserved: int
    available: int
    warehouses: tuple[ShelfView, ...]


def view(found: Stock) -> StockView:
    """The stock as clients see it."""
    return StockView(
        sku=found.sku,
        product_id=found.product_id,
        on_hand=found.on_hand,
        reserved=found.reserved,
        available=found.available,
        warehouses=tuple(
            ShelfView(warehouse=code, on_hand=one.on_hand, reserved=one.reserved, available=one.available)
            for code, one in sorted(found.shelves.items())
        ),
    )


@query(action="inventory.query_stock")
async def query_stock(command: QueryStock, tx: Tx) -> StockView:
    """The stock as it stands; refuses with NoSuchStock."""
    found = await stock.get(tx, command.sku)
    if found is None:
        raise NoSuchStock(f"There is no stock of {command.sku}.", sku=command.sku)
    return view(found)
