"""Take goods out of a held shipment and plan another for them."""

from collections.abc import Mapping
from uuid import UUID

from tradewind.contexts.shipping._domain.plan import ShipmentPlan
from tradewind.contexts.shipping._domain.shipment import Shipment, Status
from tradewind.contexts.shipping._store import shipments, tasks
from tradewind.contracts.shipping import ShipmentCreated
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Tx


async def split(tx: Tx, plan: ShipmentPlan, shipment_id: UUID, apart: Mapping[str, int]) -> tuple[Shipment, Shipment]:
    """What stays and what travels apart, written and told; refuses (NoSuchShipment, LeftTheHouse, UnfitSplit)."""
    stays, goes = plan.split(shipment_id, apart, new_id())
    await shipments.fill(tx, stays)
    await shipments.add_part(tx, stays, goes)
    if goes.status is Status.READY:
        tasks.open_one(tx, goes.id, goes.order_id)
    tx.tell(ShipmentCreated(order_id=goes.order_id, shipment_id=goes.id))
    return stays, goes
