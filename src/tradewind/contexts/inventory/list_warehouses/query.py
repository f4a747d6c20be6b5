"""Which warehouses there are."""

from msgspec import Struct

from tradewind.contexts.inventory._domain.warehouse import Warehouse
from tradewind.contexts.inventory._store import warehouses
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query


class ListWarehouses(Command, frozen=True):
    """All of them."""


class WarehouseView(Struct, frozen=True, kw_only=True, rename="camel"):
    """A place where stock lies."""

    code: str
    name: str
    country: str | None
    postal_code: str
    address: str
    priority: int
    active: bool


class Warehouses(Struct, frozen=True, kw_only=True, rename="camel"):
    """All warehouses, those that are served from first at the front."""

    items: tuple[WarehouseView, ...]


def view(one: Warehouse) -> WarehouseView:
    """A warehouse as staff see it."""
    return WarehouseView(
        code=one.code,
        name=one.name,
        country=one.country,
        postal_code=one.postal_code,
        address=one.address,
        priority=one.priority,
        active=one.active,
    )


@query(action="inventory.list_warehouses")
async def list_warehouses(_command: ListWarehouses, tx: Tx) -> Warehouses:
    """All of them; there are never so many that pages are needed."""
    return Warehouses(items=tuple(view(one) for one in await warehouses.every(tx)))
