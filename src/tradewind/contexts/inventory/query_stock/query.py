"""How many there are."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.inventory._domain.bundle import Parts, complete
from tradewind.contexts.inventory._domain.stock import NoSuchStock, Stock
from tradewind.contexts.inventory._store import bundles, stock
from tradewind.contracts.inventory import Part
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
    """`on_hand` lie in all warehouses, `reserved` of these are promised, `available` can still be promised.

    A bundle, which is made of `parts`, has none of its own: `available` is what can be put together. `orderable`
    counts what may be waited for as well; nobody gets any before `releases_at`.
    """

    sku: str
    product_id: UUID
    on_hand: int
    reserved: int
    available: int
    warehouses: tuple[ShelfView, ...]
    parts: tuple[Part, ...] = ()
    orderable: int = 0
    releases_at: datetime | None = None


def view(found: Stock) -> StockView:
    """The stock as clients see it."""
    return StockView(
        sku=found.sku,
        product_id=found.product_id,
        on_hand=found.on_hand,
        reserved=found.reserved,
        available=sum(found.offered.values()),
        orderable=max(0, found.orderable),
        releases_at=found.terms.releases_at if found.terms.unreleased else None,
        warehouses=tuple(
            ShelfView(warehouse=code, on_hand=one.on_hand, reserved=one.reserved, available=one.available)
            for code, one in sorted(found.shelves.items())
        ),
    )


def view_of_bundle(own: Stock, parts: Parts, number: int) -> StockView:
    """The stock of a bundle, of which so many can be put together."""
    made_of = tuple(Part(sku, pieces) for sku, pieces in sorted(parts.items()))
    return StockView(
        sku=own.sku, product_id=own.product_id,
        on_hand=number, reserved=0, available=number, orderable=number, warehouses=(), parts=made_of,
    )  # fmt: skip


@query(action="inventory.query_stock")
async def query_stock(command: QueryStock, tx: Tx) -> StockView:
    """The stock as it stands; refuses with NoSuchStock."""
    found = await stock.get(tx, command.sku)
    if found is None:
        raise NoSuchStock(f"There is no stock of {command.sku}.", sku=command.sku)
    parts = (await bundles.parts_of(tx, [command.sku])).get(command.sku)
    if parts is None:
        return view(found)
    return view_of_bundle(found, parts, complete(parts, await stock.available(tx, list(parts))))
