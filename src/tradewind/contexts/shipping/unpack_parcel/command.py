"""Unpack what came back undelivered: it goes on the shelf, or is written off, in the transaction that says so, once."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tradewind.contexts.shipping._domain.shipment import Shipment, unpacked
from tradewind.contexts.shipping._domain.views import ShipmentView, view
from tradewind.contexts.shipping._store import contents, shipments
from tradewind.contracts.inventory import MAIN, Delivery, InventoryPeer
from tradewind.contracts.messages import Command
from tradewind.contracts.orders import Bought
from tradewind.contracts.shipping import ShipmentUnpacked, UnpackedItem
from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import failpoint
from tradewind.runtime.handlers import handler


class UnpackParcel(Command, frozen=True):
    """What became of each piece; every SKU of the shipment is named once. No warehouse: the one that most had left."""

    shipment_id: UUID
    lines: tuple[UnpackedItem, ...]
    warehouse: str | None = None


@handler(action="shipping.unpack_parcel")
async def unpack_parcel(command: UnpackParcel, tx: Tx) -> ShipmentView:
    """The shipment, unpacked. Refuses NoSuchShipment, IllegalMove unless it came back and was not sent again,
    UnfitUnpacking, NoSuchWarehouse, WarehouseClosed.
    """
    held = (await contents.known(tx, command.shipment_id)).one(command.shipment_id)
    after = unpacked(held, command.lines)
    inventory: InventoryPeer = tx.peer(InventoryPeer)
    warehouse = command.warehouse or _most(held, await inventory.shipped_from(tx, held.order_id))
    await inventory.let_in(tx, [warehouse])
    bought = await contents.bought(tx, held.order_id)
    if deliveries := _deliveries(held, command.lines, bought, warehouse):
        await inventory.receive(tx, deliveries, reason="came back undelivered")
    shipments.move(tx, after)
    shipments.unpack(tx, held, warehouse, command.lines)
    told: Any = ShipmentUnpacked(
        order_id=held.order_id, shipment_id=held.id, warehouse=warehouse, items=tuple(command.lines)
    )
    tx.tell(told)
    tx.audit("shipping.unpack_parcel", str(held.id), order_id=str(held.order_id), warehouse=warehouse)
    await tx.flush()
    failpoint("unpack.before_commit")
    tx.on_commit.append(lambda: failpoint("unpack.after_commit"))
    return view(after)


def _most(held: Shipment, left: Mapping[str, str]) -> str:
    """The warehouse that most pieces of it had left."""
    pieces: dict[str, int] = {}
    for sku, count in (held.lines or {}).items():
        place = left.get(sku, MAIN)
        pieces[place] = pieces.get(place, 0) + count
    return max(sorted(pieces), key=lambda place: pieces[place], default=MAIN)


def _deliveries(held: Shipment, lines: tuple[UnpackedItem, ...], bought: Bought, warehouse: str) -> list[Delivery]:
    products = {line.sku: line.product_id for line in bought.lines}
    reference = f"unpacked:{held.id}:{held.parcels}"
    return [
        Delivery(one.sku, product_id, one.restocked, f"{reference}:{one.sku}", warehouse)
        for one in lines
        if one.restocked and (product_id := products[one.sku])
    ]
