"""What shipping answers."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.shipping._domain.shipment import Shipment


class ShipmentView(Struct, frozen=True, kw_only=True, rename="camel"):
    """Where a shipment is."""

    id: UUID
    order_id: UUID
    status: str
    tracking_number: str | None


class ShipmentDetails(ShipmentView, frozen=True, kw_only=True, rename="camel"):
    """Where a shipment goes, where it is, and since when."""

    address: dict[str, str]
    created_at: datetime
    ready_at: datetime | None
    dispatched_at: datetime | None
    in_transit_at: datetime | None
    delivered_at: datetime | None
    lost_at: datetime | None
    canceled_at: datetime | None


def view(shipment: Shipment) -> ShipmentView:
    """The shipment as clients see it; an answer that is kept (for idempotency keys) holds no address."""
    return ShipmentView(
        id=shipment.id,
        order_id=shipment.order_id,
        status=shipment.status.value,
        tracking_number=shipment.tracking_number,
    )
