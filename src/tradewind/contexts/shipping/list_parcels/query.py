"""What a shipment is packed into, and how far that is."""

from uuid import UUID

from tradewind.contexts.shipping._domain.shipment import NoSuchShipment
from tradewind.contexts.shipping._domain.views import ParcelList, parcel_view
from tradewind.contexts.shipping._store import parcels, shipments
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query


class ListParcels(Command, frozen=True):
    """The parcels of this shipment."""

    shipment_id: UUID


@query(action="shipping.pick")
async def list_parcels(command: ListParcels, tx: Tx) -> ParcelList:
    """None before it is packed; refuses with NoSuchShipment."""
    if await shipments.get(tx, command.shipment_id) is None:
        raise NoSuchShipment(shipment_id=str(command.shipment_id))
    return ParcelList(items=tuple(parcel_view(one) for one in await parcels.of_shipment(tx, command.shipment_id)))
