"""What an order looks like to those who may see it."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.orders._domain.order import SETTLED, Line, Order, Status


class ItemView(Struct, frozen=True, kw_only=True, rename="camel"):
    """One line. `price` is the price of one piece."""

    sku: str
    product_id: UUID | None
    qty: int
    price: Decimal


class Step(Struct, frozen=True, kw_only=True, rename="camel"):
    """A status that the order came to, when and why."""

    status: str
    event: str
    at: datetime
    why: str | None = None


class OrderView(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """An order. `totalAmount` = items + shipping + tax - discount, exact. `history` comes with a look at one order."""

    id: UUID
    status: str
    total_amount: Decimal
    currency: str
    items: tuple[ItemView, ...]
    shipping_amount: Decimal
    tax_amount: Decimal
    discount_amount: Decimal
    placed_at: datetime
    why: str | None = None
    history: tuple[Step, ...] | None = None


def view(order: Order, history: tuple[Step, ...] | None = None) -> OrderView:
    """What clients see of `order`; whoever bought it and how is left out."""
    return OrderView(
        id=order.id,
        status=order.status.value,
        total_amount=order.total.amount,
        currency=order.currency,
        items=tuple(_item(line) for line in order.lines),
        shipping_amount=order.shipping.amount,
        tax_amount=order.tax.amount,
        discount_amount=order.discount.amount,
        placed_at=order.placed_at,
        why=order.why,
        history=history,
    )


def _item(line: Line) -> ItemView:
    return ItemView(sku=line.sku, product_id=line.product_id, qty=line.quantity, price=line.unit_price.amount)


def is_settled(answer: OrderView) -> bool:
    """Whether a client that waits has what it waited for."""
    return Status(answer.status) in SETTLED
