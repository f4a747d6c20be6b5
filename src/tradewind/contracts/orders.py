"""What orders tells."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from msgspec import Struct

from tradewind.contracts.messages import Event


class OrderedItem(Struct, frozen=True, rename="camel"):
    """One line of an order. `price` is the price of one piece."""

    product_id: UUID | None
    sku: str
    qty: int
    price: Decimal


class OrderPlaced(Event, frozen=True):
    """Somebody wants to buy. `total_amount` = items + shipping + tax - discount."""

    TYPE = "ecommerce.order.order.created.v1"
    order_id: UUID
    user_id: str
    total_amount: Decimal
    currency: str
    items: tuple[OrderedItem, ...]
    shipping_amount: Decimal
    tax_amount: Decimal
    discount_amount: Decimal
    placed_at: datetime


class OrderClaimed(Event, frozen=True):
    """A guest's order became the order of a user who proved the address that was given for it."""

    TYPE = "ecommerce.order.order.claimed.v1"
    order_id: UUID
    user_id: str


class PaymentAwaited(Event, frozen=True):
    """The goods are held; the buyer has yet to say how to pay."""

    TYPE = "ecommerce.order.order.payment_awaited.v1"
    order_id: UUID


class OrderConfirmed(Event, frozen=True):
    """Goods, money and carriage are certain."""

    TYPE = "ecommerce.order.order.confirmed.v1"
    order_id: UUID
    user_id: str
    total_amount: Decimal
    currency: str


class OrderPaid(Event, frozen=True):
    """The money is ours."""

    TYPE = "ecommerce.order.order.paid.v1"
    order_id: UUID
    total_amount: Decimal
    currency: str


class OrderFulfilled(Event, frozen=True):
    """The buyer has the goods."""

    TYPE = "ecommerce.order.order.fulfilled.v1"
    order_id: UUID


class OrderCancelled(Event, frozen=True):
    """The order is off; nothing is held, nothing is owed."""

    TYPE = "ecommerce.order.order.canceled.v1"
    order_id: UUID
    reason: str
    total_amount: Decimal
    currency: str


class OrderFailed(Event, frozen=True):
    """The shop could not carry the order out; nothing is held, nothing is owed."""

    TYPE = "ecommerce.order.order.failed.v1"
    order_id: UUID
    cause: str
