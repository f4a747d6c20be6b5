"""Say what a shipment is packed into. It may be packed again as long as it is in the house."""

from uuid import UUID

from tradewind.contexts.shipping._domain.parcel import Parcel, Size
from tradewind.contexts.shipping._domain.views import PackView, ParcelView, lines_of
from tradewind.contexts.shipping._store import parcels, shipments, tasks
from tradewind.contracts.messages import Command
from tradewind.contracts.shipping import ShipmentPacked
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class PackTask(Command, frozen=True):
    """It is in these parcels."""

    shipment_id: UUID
    parcels: tuple[Size, ...]


@handler(action="shipping.pick")
async def pack_task(command: PackTask, tx: Tx) -> PackView:
    """Refuses NoSuchShipment, NoSuchTask, or IllegalMove before it is picked and after it has left the house."""
    shipment = await shipments.hold(tx, command.shipment_id)
    packed = (await tasks.hold(tx, command.shipment_id)).pack()
    made = [Parcel(id=new_id(), shipment_id=shipment.id, size=size) for size in command.parcels]
    await parcels.replace(tx, shipment.id, made)
    tasks.save(tx, packed)
    tx.tell(ShipmentPacked(order_id=shipment.order_id, shipment_id=shipment.id, parcels=len(made)))
    tx.audit("shipping.pack_task", str(shipment.id), parcels=len(made))
    return PackView(
        shipment_id=packed.shipment_id,
        order_id=packed.order_id,
        state=packed.state.value,
        claimed_by=packed.claimed_by,
        lines=lines_of(shipment.lines),
        parcels=tuple(_view(one) for one in made),
    )


def _view(one: Parcel) -> ParcelView:
    size = one.size
    return ParcelView(
        id=one.id,
        weight_g=size.weight_g,
        length_mm=size.length_mm,
        width_mm=size.width_mm,
        height_mm=size.height_mm,
    )
