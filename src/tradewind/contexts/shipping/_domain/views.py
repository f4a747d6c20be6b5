"""What shipping answers."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.shipping._domain.parcel import Parcel
from tradewind.contexts.shipping._domain.shipment import Shipment
from tradewind.contexts.shipping._domain.task import FulfillmentTask


class ReplacementView(Struct, frozen=True, kw_only=True, rename="camel"):
    """Goods that are to go out once more: PENDING, DONE or REFUSED, and why. `id`: its saga's, too."""

    id: UUID
    status: str
    why: str | None


class ShipmentView(Struct, frozen=True, kw_only=True, rename="camel"):
    """Where a shipment is."""

    id: UUID
    order_id: UUID
    status: str
    tracking_number: str | None


class ShipmentDetails(ShipmentView, frozen=True, kw_only=True, rename="camel"):
    """Where a shipment goes, where it is, and since when."""

    part: int
    lines: dict[str, int] | None
    """SKU to pieces; null is everything that was bought."""
    address: dict[str, str]
    created_at: datetime
    ready_at: datetime | None
    dispatched_at: datetime | None
    in_transit_at: datetime | None
    delivered_at: datetime | None
    lost_at: datetime | None
    returned_at: datetime | None
    unpacked_at: datetime | None
    canceled_at: datetime | None
    replacement: ReplacementView | None = None
    """Where goods are asked for in another database: how that stands, or ended the last time."""


def view(shipment: Shipment) -> ShipmentView:
    """The shipment as clients see it; an answer that is kept (for idempotency keys) holds no address."""
    return ShipmentView(
        id=shipment.id,
        order_id=shipment.order_id,
        status=shipment.status.value,
        tracking_number=shipment.tracking_number,
    )


class ShipmentList(Struct, frozen=True, kw_only=True, rename="camel"):
    """How an order's goods travel: its shipments, part by part."""

    items: tuple[ShipmentDetails, ...]


class TaskLine(Struct, frozen=True, kw_only=True, rename="camel"):
    """So many pieces of a SKU."""

    sku: str
    qty: int


class ParcelView(Struct, frozen=True, kw_only=True, rename="camel"):
    """A parcel. Grams and millimetres. `why`: what its carrier says that does not take it."""

    id: UUID
    number: int
    state: str
    carrier: str | None
    tracking_number: str | None
    why: str | None
    weight_g: int
    length_mm: int
    width_mm: int
    height_mm: int


class ParcelList(Struct, frozen=True, kw_only=True, rename="camel"):
    """What a shipment is packed into."""

    items: tuple[ParcelView, ...]


def parcel_view(one: Parcel) -> ParcelView:
    """The parcel as the warehouse sees it."""
    size = one.size
    return ParcelView(
        id=one.id,
        number=one.number,
        state=one.state.value,
        carrier=one.carrier,
        tracking_number=one.tracking_number,
        why=one.why,
        weight_g=size.weight_g,
        length_mm=size.length_mm,
        width_mm=size.width_mm,
        height_mm=size.height_mm,
    )


class TaskView(Struct, frozen=True, kw_only=True, rename="camel"):
    """What is to be done for a shipment. `lines` are known once somebody has claimed it, or some travel apart."""

    shipment_id: UUID
    order_id: UUID
    state: str
    claimed_by: str | None
    lines: tuple[TaskLine, ...]


class PickView(TaskView, frozen=True, kw_only=True, rename="camel"):
    """A picked task. What was missing is to be picked for another shipment of the order, `short_shipment_id`."""

    short: tuple[TaskLine, ...]
    short_shipment_id: UUID | None


class PackView(TaskView, frozen=True, kw_only=True, rename="camel"):
    """A packed task."""

    parcels: tuple[ParcelView, ...]


def task_view(task: FulfillmentTask, shipment: Shipment) -> TaskView:
    """The task as the warehouse sees it."""
    return TaskView(
        shipment_id=task.shipment_id,
        order_id=task.order_id,
        state=task.state.value,
        claimed_by=task.claimed_by,
        lines=lines_of(shipment.lines),
    )


def lines_of(lines: Mapping[str, int] | None) -> tuple[TaskLine, ...]:
    """By SKU."""
    return tuple(TaskLine(sku=sku, qty=count) for sku, count in sorted((lines or {}).items()))
