"""Plan, release and cancel shipments: the order saga's steps, for many orders at once."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from tradewind.contexts.shipping._domain.countries import unavailable
from tradewind.contexts.shipping._domain.shipment import LIFECYCLE, Cancel, Shipment, Status
from tradewind.contexts.shipping._store import parcels, shipments, tasks, warehouse_orders
from tradewind.contracts.shipping import ShipmentCreated, ShippingUnavailable
from tradewind.runtime.database import Tx


async def create(tx: Tx, addresses: Mapping[UUID, Mapping[str, str]]) -> dict[UUID, str | None]:
    """Plan a shipment for each order that has none; None, or why nobody carries it there."""
    answers = {order_id: unavailable(address) for order_id, address in addresses.items()}
    for order_id, reason in answers.items():
        if reason:
            tx.tell(ShippingUnavailable(order_id=order_id, reason=reason))
    wanted = {order_id: addresses[order_id] for order_id, reason in answers.items() if reason is None}
    if wanted:
        planned = await shipments.plan(tx, wanted)
        tx.tell(*(ShipmentCreated(order_id=order_id, shipment_id=id_) for order_id, id_ in planned.items()))
        if earlier := wanted.keys() - planned.keys():
            found = await shipments.hold_orders(tx, list(earlier))
            answers |= {one.order_id: "the shipment was canceled" for one in found if one.status is Status.CANCELED}
    return answers


async def release(tx: Tx, order_ids: Sequence[UUID]) -> None:
    """They are paid: those that are planned may leave the house and are to be picked; nothing happens to the others."""
    tasks.open_released(tx, order_ids)
    shipments.release(tx, order_ids)


async def cancel(tx: Tx, order_ids: Sequence[UUID]) -> dict[UUID, str | None]:
    """Plan them no more; None, or why it is too late: one shipment that has left the house keeps the order's others."""
    found = await shipments.hold_orders(tx, order_ids)
    answers: dict[UUID, str | None] = dict.fromkeys(order_ids)
    for one in found:
        if one.status is not Status.CANCELED and not LIFECYCLE.allows(one.status, Cancel):
            answers[one.order_id] = f"the goods have left the house ({one.status.value})"
    if on_time := sorted({one.order_id for one in found if answers[one.order_id] is None} - _off(found)):
        shipments.cancel(tx, on_time)
        tasks.cancel(tx, on_time)
        parcels.call_off_orders(tx, on_time)
        warehouse_orders.call_off_orders(tx, on_time)
    return answers


def _off(found: Sequence[Shipment]) -> set[UUID]:
    """The orders whose shipments are all canceled already."""
    return {one.order_id for one in found} - {one.order_id for one in found if one.status is not Status.CANCELED}
