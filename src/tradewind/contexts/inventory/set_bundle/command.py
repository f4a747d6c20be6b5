"""Say what a bundle is made of. What was ordered before keeps what it holds."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from tradewind.contexts.inventory._domain.bundle import BundleHasStock, NestedBundle, check, complete
from tradewind.contexts.inventory._domain.stock import NoSuchStock, Stock
from tradewind.contexts.inventory._store import bundles, stock
from tradewind.contexts.inventory.query_stock.query import StockView, view_of_bundle
from tradewind.contracts.catalog import CatalogPeer
from tradewind.contracts.inventory import BundleChanged, Part
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler

ONE_AT_A_TIME: Final = "SELECT pg_advisory_xact_lock(hashtext('inventory.set_bundle'))"
"""No two definitions may make a bundle of a bundle."""


class SetBundle(Command, frozen=True):
    """One `sku` is made of so many of each part."""

    sku: str
    parts: Mapping[str, int]


@handler(action="inventory.set_bundle")
async def set_bundle(command: SetBundle, tx: Tx) -> StockView:
    """Its stock; refuses InvalidBundle, NoSuchStock, NestedBundle, and BundleHasStock while it has stock of its own."""
    check(command.sku, command.parts)
    await tx.run(ONE_AT_A_TIME)
    if nested := await bundles.in_the_way(tx, command.sku, command.parts):
        raise NestedBundle(skus=nested)
    held = await _held(tx, [command.sku, *command.parts])
    own = held[command.sku]
    if own.on_hand or own.reserved:
        raise BundleHasStock(sku=own.sku, on_hand=own.on_hand, reserved=own.reserved)
    number = complete(command.parts, {sku: one.available for sku, one in held.items()})
    version = await bundles.put(tx, own.sku, own.product_id, command.parts, number)
    parts = tuple(Part(sku, pieces) for sku, pieces in sorted(command.parts.items()))
    tx.tell(BundleChanged(product_id=own.product_id, sku=own.sku, parts=parts, available=number, version=version))
    tx.audit("inventory.set_bundle", own.sku, parts=dict(command.parts))
    return view_of_bundle(own, command.parts, number)


async def _held(tx: Tx, skus: list[str]) -> dict[str, Stock]:
    """The stock of each, held; opened where only the catalog knows the SKU yet."""
    held = await stock.hold(tx, skus)
    missing = [sku for sku in skus if sku not in held]
    if not missing:
        return held
    catalog = tx.peer(CatalogPeer)
    known: dict[str, UUID] = {}
    for sku in missing:
        product_id = await catalog.identify(tx, sku)
        if product_id is None:
            raise NoSuchStock(f"No product carries the SKU {sku}.", sku=sku)
        known[sku] = product_id
    await stock.open_all(tx, known)
    return await stock.hold(tx, skus)
