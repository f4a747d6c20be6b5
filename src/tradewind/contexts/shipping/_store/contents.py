"""What is in shipments: what the order says, until it is written down because somebody picks or splits."""

from uuid import UUID

from tradewind.contexts.shipping._domain.plan import ShipmentPlan, together
from tradewind.contexts.shipping._store import shipments
from tradewind.contracts.orders import Bought, OrdersPeer
from tradewind.runtime.database import Tx


async def known(tx: Tx, shipment_id: UUID) -> ShipmentPlan:
    """The held plan that the shipment is of, and what is in each; written down. Refuses with NoSuchShipment."""
    plan = await shipments.hold_plan(tx, shipment_id)
    if all(one.lines is not None for one in plan.shipments):
        return plan
    found = await bought(tx, plan.one(shipment_id).order_id)
    filled = plan.filled(together([(line.sku, line.quantity) for line in found.lines]))
    for before, after in zip(plan.shipments, filled.shipments, strict=True):
        if before.lines is None:
            await shipments.fill(tx, after)
    return filled


async def bought(tx: Tx, order_id: UUID) -> Bought:
    """What the order's buyer bought."""
    found = await tx.peer(OrdersPeer).bought(tx, order_id)
    assert found is not None, "a shipment is of an order that there is, and orders are never deleted"
    return found
