"""What shipping tells, and how the order saga asks for a shipment."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

from msgspec import Struct

from tradewind.contracts.messages import Event
from tradewind.kernel.money import Money


class _ShipmentEvent(Event, frozen=True):
    """What every shipment event says."""

    order_id: UUID
    shipment_id: UUID


class ShipmentCreated(_ShipmentEvent, frozen=True):
    """A shipment is planned."""

    TYPE = "ecommerce.shipping.shipment.created.v1"


class ShipmentDispatched(_ShipmentEvent, frozen=True):
    """The goods have left the house."""

    TYPE = "ecommerce.shipping.shipment.dispatched.v1"
    tracking_number: str


class ShipmentInTransit(_ShipmentEvent, frozen=True):
    """The carrier has seen the goods."""

    TYPE = "ecommerce.shipping.shipment.in_transit.v1"


class ShipmentDelivered(_ShipmentEvent, frozen=True):
    """The goods have arrived. `completes_order`: no other shipment of the order is still to come."""

    TYPE = "ecommerce.shipping.shipment.delivered.v1"
    completes_order: bool = True
    """Old logs, in which an order is one shipment, do not say."""


class ShipmentPacked(_ShipmentEvent, frozen=True):
    """The goods are in so many parcels and may be handed over."""

    TYPE = "ecommerce.shipping.shipment.packed.v1"
    parcels: int


class ShortItem(Struct, frozen=True, rename="camel"):
    """So many of one SKU were not found."""

    sku: str
    qty: int


class PickedShort(_ShipmentEvent, frozen=True):
    """Some of a shipment's goods were not on the shelf; they travel later, as another shipment of the order."""

    TYPE = "ecommerce.shipping.shipment.picked_short.v1"
    items: tuple[ShortItem, ...]


class ShipmentReturned(_ShipmentEvent, frozen=True):
    """The carrier could not deliver; the goods are back in the house, and nobody has unpacked them yet."""

    TYPE = "ecommerce.shipping.shipment.returned.v1"


class UnpackedItem(Struct, frozen=True, rename="camel"):
    """What became of the pieces of one SKU: back on the shelf, or written off."""

    sku: str
    restocked: int
    written_off: int


class ShipmentUnpacked(_ShipmentEvent, frozen=True):
    """What had come back undelivered was looked at in `warehouse`: each piece is in stock again, or written off."""

    TYPE = "ecommerce.shipping.shipment.unpacked.v1"
    warehouse: str
    items: tuple[UnpackedItem, ...]


class ShipmentLost(_ShipmentEvent, frozen=True):
    """The carrier does not know where the goods are."""

    TYPE = "ecommerce.shipping.shipment.lost.v1"


class ShipmentReplaced(_ShipmentEvent, frozen=True):
    """The same goods are ready to leave the house once more, for those that were lost or came back."""

    TYPE = "ecommerce.shipping.shipment.replaced.v1"


class ShippingUnavailable(Event, frozen=True):
    """Nobody carries goods there."""

    TYPE = "ecommerce.shipping.shipment.unavailable.v1"
    order_id: UUID
    reason: str


class Rate(Struct, frozen=True, kw_only=True):
    """A way to send goods and what it costs before any promotion: nothing, once the goods come to `free_from`."""

    method: str
    label: str
    price: Money
    carrier: str = "house"
    free_from: Money | None = None

    def for_goods(self, worth: Money) -> Money:
        """What it costs to send goods that come to `worth`."""
        free = self.free_from is not None and worth.minor >= self.free_from.minor
        return Money(0, self.price.currency) if free else self.price


class ShippingPeer(Protocol):
    """What the order saga, and a checkout, may ask of shipping, inside their own transaction. All are idempotent."""

    async def rates(self, tx: Any, country: str, quantities: Mapping[str, int], currency: str) -> Sequence[Rate]:
        """The ways to send these goods (SKU to number of pieces) to `country`; empty where nobody carries them."""
        ...

    async def create(self, tx: Any, addresses: Mapping[UUID, Mapping[str, str]]) -> Mapping[UUID, str | None]:
        """Plan a shipment for each order; None, or why nobody carries it there."""
        ...

    async def release(self, tx: Any, order_ids: Sequence[UUID]) -> None:
        """They are paid: they may leave the house."""
        ...

    async def hold(self, tx: Any, order_id: UUID) -> str | None:
        """Let the order's goods not leave the house until `release`; None, or why it is too late."""
        ...

    async def redirect(self, tx: Any, order_id: UUID, address: Mapping[str, str]) -> str | None:
        """Send the order's goods there, as far as they are in the house; None, or why not."""
        ...

    async def lost(self, tx: Any, order_ids: Sequence[UUID]) -> frozenset[UUID]:
        """Those whose goods nobody knows the whereabouts of."""
        ...

    async def cancel(self, tx: Any, order_ids: Sequence[UUID]) -> Mapping[UUID, str | None]:
        """Plan them no more; None, or why it is too late. An order without a shipment needs nothing."""
        ...
