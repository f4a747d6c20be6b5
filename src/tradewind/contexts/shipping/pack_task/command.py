"""Say what a shipment is packed into, and who shall carry it.

It may be packed again as long as it is in the house; what was booked before is called off.
"""

from uuid import UUID

from tradewind.contexts.shipping._domain.parcel import Parcel, Size, State, UnknownCarrier
from tradewind.contexts.shipping._domain.views import PackView, lines_of, parcel_view
from tradewind.contexts.shipping._store import parcels, shipments, tasks
from tradewind.contracts.messages import Command
from tradewind.contracts.shipping import ShipmentPacked
from tradewind.kernel.ids import new_id
from tradewind.ports.carrier import Carriers
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class PackTask(Command, frozen=True):
    """It is in these parcels. `carrier` is asked to carry them; without one somebody hands them over."""

    shipment_id: UUID
    parcels: tuple[Size, ...]
    carrier: str | None = None


@handler(action="shipping.pick")
async def pack_task(command: PackTask, tx: Tx) -> PackView:
    """Refuses UnknownCarrier, NoSuchShipment, NoSuchTask, or IllegalMove before it is picked and after it has left."""
    carriers = sorted(tx.peer(Carriers).by_name)
    if command.carrier is not None and command.carrier not in carriers:
        raise UnknownCarrier(pointer="/carrier", carriers=carriers)
    shipment = await shipments.hold(tx, command.shipment_id)
    packed = (await tasks.hold(tx, command.shipment_id)).pack()
    state = State.PACKED if command.carrier is None else State.WANTED
    made = [
        Parcel(id=new_id(), shipment_id=shipment.id, size=size, number=number, carrier=command.carrier, state=state)
        for number, size in enumerate(command.parcels, 1)
    ]
    await parcels.replace(tx, shipment.id, shipment.parcels, made)
    tasks.save(tx, packed)
    tx.tell(ShipmentPacked(order_id=shipment.order_id, shipment_id=shipment.id, parcels=len(made)))
    tx.audit("shipping.pack_task", str(shipment.id), parcels=len(made))
    return PackView(
        shipment_id=packed.shipment_id,
        order_id=packed.order_id,
        state=packed.state.value,
        claimed_by=packed.claimed_by,
        lines=lines_of(shipment.lines),
        parcels=tuple(parcel_view(one) for one in made),
    )
