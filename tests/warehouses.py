"""Several warehouses, by the shop's own commands."""

from collections.abc import Mapping

from tests.shops import Shop, a_call
from tradewind.contexts.inventory._domain.warehouse import Warehouse
from tradewind.contexts.inventory.change_warehouse.command import ChangeWarehouse
from tradewind.contexts.inventory.manifest import AdjustStock, OpenWarehouse, SetBundle

STAFF = a_call("admin", subject="staff")


async def opened(shop: Shop, code: str, *, priority: int = 1) -> None:
    """Let there be a warehouse; orders are served from the one with the lowest number."""
    await shop.dispatch(OpenWarehouse(warehouse=Warehouse(code=code, name=code, priority=priority)), STAFF)


async def closed(shop: Shop, code: str, *, active: bool = False) -> None:
    """Let nothing be put into it any more; or again, where it is `active`."""
    await shop.dispatch(ChangeWarehouse(warehouse=Warehouse(code=code, name=code, active=active)), STAFF)


async def moved(shop: Shop, code: str, sku: str, delta: int) -> None:
    """So many come to it, or go."""
    await shop.dispatch(AdjustStock(sku=sku, delta=delta, reason="delivery", warehouse=code), STAFF)


async def bundled(shop: Shop, sku: str, parts: Mapping[str, int]) -> None:
    """Let `sku` be a bundle of these."""
    await shop.dispatch(SetBundle(sku=sku, parts=parts), STAFF)
