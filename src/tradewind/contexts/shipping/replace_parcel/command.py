"""Send goods once more: those of a lost parcel leave the stock in the transaction that says so, where that is here."""

from collections.abc import Mapping
from uuid import UUID

from tradewind.contexts.shipping._domain.replacement import Supply
from tradewind.contexts.shipping._domain.shipment import LIFECYCLE, OUT_OF_STOCK, Shipment
from tradewind.contexts.shipping._domain.views import ShipmentView, view
from tradewind.contexts.shipping._store import contents
from tradewind.contexts.shipping.replace_parcel import elsewhere
from tradewind.contexts.shipping.replace_parcel.again import make_ready
from tradewind.contracts.inventory import MAIN, Delivery, InventoryPeer
from tradewind.contracts.messages import Command
from tradewind.contracts.orders import Bought
from tradewind.contracts.shipping import ShipmentReplaced
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class ReplaceParcel(Command, frozen=True):
    """The same goods, once more, to the same address."""

    shipment_id: UUID


@handler(action="shipping.replace_parcel")
async def replace_parcel(command: ReplaceParcel, tx: Tx) -> ShipmentView:
    """The shipment, READY again, to be picked. What came back and was not unpacked is still there; what is lost, or in
    stock again, leaves the stock once more, from where it left before as far as it lies there.

    Where inventory has a database of its own it is asked for these goods by a saga, and the shipment READY a moment
    later. Refuses with NoSuchShipment, ReplacementUnderWay, IllegalMove unless it is lost or came back, or if stock is
    low.
    """
    plan = await contents.known(tx, command.shipment_id)
    held = plan.one(command.shipment_id)
    status = LIFECYCLE.follow(held.status, ShipmentReplaced)
    if held.status in OUT_OF_STOCK:
        if tx.peer(Supply).away is not None:
            await elsewhere.begin(tx, held)
            return view(held)
        await _take(tx, held)
    return view(make_ready(tx, held, status, tx.call))


async def _take(tx: Tx, held: Shipment) -> None:
    inventory = tx.peer(InventoryPeer)
    left = await inventory.shipped_from(tx, held.order_id)
    taken = _taken(held, await contents.bought(tx, held.order_id), left, f"parcel:{held.id}:{held.parcels + 1}")
    await inventory.receive(tx, taken, reason="a lost parcel replaced")


def _taken(lost: Shipment, bought: Bought, left: Mapping[str, str], reference: str) -> list[Delivery]:
    assert lost.lines is not None, "known"
    products = {line.sku: line.product_id for line in bought.lines}
    deliveries = []
    for sku, count in lost.lines.items():
        product = products[sku]
        assert product is not None, "goods are of a product"
        deliveries.append(Delivery(sku, product, -count, f"{reference}:{sku}", left.get(sku, MAIN)))
    return deliveries
