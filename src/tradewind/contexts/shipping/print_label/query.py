"""The label of a parcel: its carrier's own where the carrier made one, ours otherwise."""

from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from tradewind.api.labels import Label, drawn, of_address
from tradewind.contexts.shipping._domain.parcel import Parcel
from tradewind.contexts.shipping._domain.shipment import NoSuchShipment, Status
from tradewind.contexts.shipping._domain.shipment import tracking as tracking_of
from tradewind.contexts.shipping._store import parcels, shipments
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Conflict, NotFound
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

UNSENT = frozenset((Status.PLANNED, Status.CANCELED))


class NoSuchParcel(NotFound):
    """The shipment is not packed into that many parcels."""


class NothingToLabel(Conflict):
    """The shipment may not leave the house, so it gets no label."""


class PrintLabel(Command, frozen=True):
    """The label of this parcel of the shipment; before it is packed there is one."""

    shipment_id: UUID
    parcel: int = 1


class Printed(Struct, frozen=True):
    """A PDF."""

    content: bytes


@query(action="shipping.pick")
async def print_label(command: PrintLabel, tx: Tx) -> Printed:
    """Refuses with NoSuchShipment, NothingToLabel, NoSuchParcel."""
    row = await shipments.get(tx, command.shipment_id)
    if row is None:
        raise NoSuchShipment(shipment_id=str(command.shipment_id))
    if Status(row["status"]) in UNSENT:
        raise NothingToLabel(state=row["status"])
    packed = await parcels.of_shipment(tx, command.shipment_id)
    if command.parcel > max(len(packed), 1):
        raise NoSuchParcel(parcels=len(packed))
    one = packed[command.parcel - 1] if packed else None
    theirs = await tx.value(parcels.LABEL, one.id) if one else None
    return Printed(theirs or drawn(_ours(row, one, len(packed))))


def _ours(row: Any, one: Parcel | None, of: int) -> Label:
    address = msgspec.json.decode(row["address"], type=dict[str, str])
    grams = f"{one.size.weight_g / 1000:.3f} kg" if one else ""
    number = (one and one.tracking_number) or row["tracking_number"] or tracking_of(shipments.shipment(row), None)
    return Label(
        title=f"Parcel {one.number} of {of}" if one else "Parcel",
        sender=(f"order {row['order_id']}", f"shipment {row['id']}"),
        recipient=of_address(address),
        code=number,
        notes=tuple(filter(None, (one.carrier if one else None, grams))),
    )
