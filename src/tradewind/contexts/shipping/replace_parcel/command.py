"""Send the goods of a lost parcel once more: they leave the stock in the transaction that says so."""

from uuid import UUID

from msgspec.structs import replace

from tradewind.contexts.shipping._domain.shipment import LIFECYCLE
from tradewind.contexts.shipping._domain.views import ShipmentView, view
from tradewind.contexts.shipping._store import shipments
from tradewind.contracts.inventory import Delivery, InventoryPeer
from tradewind.contracts.messages import Command
from tradewind.contracts.orders import Bought, OrdersPeer
from tradewind.contracts.shipping import ShipmentReplaced
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class ReplaceParcel(Command, frozen=True):
    """The same goods, once more, to the same address."""

    shipment_id: UUID


@handler(action="shipping.replace_parcel")
async def replace_parcel(command: ReplaceParcel, tx: Tx) -> ShipmentView:
    """The shipment, READY again; refuses with NoSuchShipment, IllegalMove unless it is lost, or if stock is low."""
    held = await shipments.hold(tx, command.shipment_id)
    status = LIFECYCLE.follow(held.status, ShipmentReplaced)
    again = replace(held, status=status, tracking_number=None, parcels=held.parcels + 1)
    bought = await tx.peer(OrdersPeer).bought(tx, held.order_id)
    assert bought is not None, "a shipment is of an order that there is, and orders are never deleted"
    taken = _taken(bought, f"parcel:{held.id}:{again.parcels}")
    await tx.peer(InventoryPeer).receive(tx, taken, reason="a lost parcel replaced")
    shipments.move(tx, again)
    tx.tell(ShipmentReplaced(order_id=held.order_id, shipment_id=held.id))
    tx.audit("shipping.replace_parcel", str(held.id), order_id=str(held.order_id), parcels=again.parcels)
    return view(again)


def _taken(bought: Bought, reference: str) -> list[Delivery]:
    pieces: dict[tuple[str, UUID], int] = {}
    for line in bought.lines:
        assert line.product_id is not None, "goods are of a product"
        key = line.sku, line.product_id
        pieces[key] = pieces.get(key, 0) + line.quantity
    return [Delivery(sku, product, -quantity, f"{reference}:{sku}") for (sku, product), quantity in pieces.items()]
