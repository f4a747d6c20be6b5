"""What returns tells, and what inventory may ask of them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar, Protocol
from uuid import UUID

from msgspec import Struct

from tradewind.contracts.messages import Event


class ReturnedItem(Struct, frozen=True, rename="camel"):
    """So many of one SKU."""

    sku: str
    qty: int


class ReceivedItem(Struct, frozen=True, rename="camel"):
    """The warehouse that the pieces of one SKU came back to."""

    sku: str
    warehouse: str


class InspectedItem(Struct, frozen=True, rename="camel"):
    """What became of the pieces of one SKU: back on the shelf, written off, or not taken back."""

    sku: str
    restocked: int
    written_off: int
    refused: int


class _ReturnEvent(Event, frozen=True):
    """What every event of a return says."""

    KEY: ClassVar[str] = "return_id"
    return_id: UUID
    order_id: UUID


class ReturnRequested(_ReturnEvent, frozen=True):
    """A buyer wants to give some of an order back."""

    TYPE = "ecommerce.return.return.requested.v1"
    items: tuple[ReturnedItem, ...]
    reason: str
    exchange: tuple[ReturnedItem, ...] = ()
    """What they would rather have."""


class ReturnApproved(_ReturnEvent, frozen=True):
    """The goods may come back; `number` is what the parcel is labelled with."""

    TYPE = "ecommerce.return.return.approved.v1"
    number: str


class ReturnRejected(_ReturnEvent, frozen=True):
    """The goods are not taken back; no money moves."""

    TYPE = "ecommerce.return.return.rejected.v1"


class ReturnCanceled(_ReturnEvent, frozen=True):
    """The buyer keeps the goods after all."""

    TYPE = "ecommerce.return.return.canceled.v1"


class ReturnReceived(_ReturnEvent, frozen=True):
    """The parcel is in the warehouse; nobody has looked into it yet."""

    TYPE = "ecommerce.return.return.received.v1"
    items: tuple[ReceivedItem, ...] = ()
    """Where each SKU is now; old logs, in which all is in the main warehouse, do not say."""


class ReturnInspected(_ReturnEvent, frozen=True):
    """It is clear what became of each piece; so much goes back to the buyer."""

    TYPE = "ecommerce.return.return.inspected.v1"
    items: tuple[InspectedItem, ...]
    refund_amount: Decimal
    currency: str
    replacement_id: UUID | None = None
    """The order that goes out in exchange, where one does."""


class ReturnRefunded(_ReturnEvent, frozen=True):
    """The buyer has their money back."""

    TYPE = "ecommerce.return.return.refunded.v1"
    refund_amount: Decimal
    currency: str


class ReturnsPeer(Protocol):
    """What others may ask of returns, inside their own transaction."""

    async def uninspected(self, tx: Any, warehouse: str) -> Mapping[UUID, int]:
        """The returns whose goods are in this warehouse and that nobody has looked at, to pieces; oldest first.

        Whoever receives a return holds its warehouse's row, so who holds that row knows that no other one comes.
        """
        ...
