"""Goods that go out once more: the shipment is READY again, to be picked."""

from msgspec.structs import replace

from tradewind.contexts.shipping._domain.shipment import Shipment, Status
from tradewind.contexts.shipping._store import shipments, tasks
from tradewind.contracts.shipping import ShipmentReplaced
from tradewind.runtime.call import Call
from tradewind.runtime.database import Tx


def make_ready(tx: Tx, held: Shipment, status: Status, call: Call) -> Shipment:
    """The held shipment, to be sent once more on behalf of `call`, which has seen to where the goods come from."""
    again = replace(held, status=status, tracking_number=None, parcels=held.parcels + 1)
    shipments.move(tx, again)
    tasks.open_one(tx, held.id, held.order_id)
    tx.tell(ShipmentReplaced(order_id=held.order_id, shipment_id=held.id), call=call)
    facts = {"order_id": str(held.order_id), "parcels": again.parcels}
    tx.audit("shipping.replace_parcel", str(held.id), call=call, **facts)
    return again
