"""Folding an order's events, written apart from the order: its own table of moves, its own reading of the payload."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Struct

from tradewind.kernel.errors import Invalid
from tradewind.kernel.money import Money

PLACED: Final = "ecommerce.order.order.created.v1"
RESERVED: Final = "ecommerce.inventory.reservation.reserved.v1"
BACKORDERED: Final = "ecommerce.inventory.backorder.queued.v1"
"""Its goods have to come; it stands where it stood."""
AWAITED: Final = "ecommerce.order.order.payment_awaited.v1"
CONFIRMED: Final = "ecommerce.order.order.confirmed.v1"
PAID: Final = "ecommerce.order.order.paid.v1"
FULFILLED: Final = "ecommerce.order.order.fulfilled.v1"
CANCELED: Final = "ecommerce.order.order.canceled.v1"
FAILED: Final = "ecommerce.order.order.failed.v1"
EDITED: Final = "ecommerce.order.order.edited.v1"
"""Changes what an order is of, and not where it stands."""
CLAIMED: Final = "ecommerce.order.order.claimed.v1"
"""Changes whose an order is, and nothing of where it stands."""

MOVES: Final = {
    ("", PLACED): "PENDING_RESERVATION",
    ("PENDING_RESERVATION", RESERVED): "RESERVED",
    ("PENDING_RESERVATION", BACKORDERED): "PENDING_RESERVATION",
    ("PENDING_RESERVATION", CANCELED): "CANCELED",
    ("PENDING_RESERVATION", FAILED): "FAILED",
    ("RESERVED", AWAITED): "PENDING_PAYMENT",
    ("RESERVED", CONFIRMED): "CONFIRMED",
    ("RESERVED", CANCELED): "CANCELED",
    ("RESERVED", FAILED): "FAILED",
    ("PENDING_PAYMENT", EDITED): "PENDING_PAYMENT",
    ("PENDING_PAYMENT", CONFIRMED): "CONFIRMED",
    ("PENDING_PAYMENT", CANCELED): "CANCELED",
    ("PENDING_PAYMENT", FAILED): "FAILED",
    ("CONFIRMED", PAID): "PAID",
    ("CONFIRMED", CANCELED): "CANCELED",
    ("PAID", EDITED): "PAID",
    ("PAID", FULFILLED): "FULFILLED",
    ("PAID", CANCELED): "CANCELED",
}
"""(where an order stands, what happened) -> where it stands then. What is not here cannot happen."""
TYPES: Final = sorted({event for _, event in MOVES})


class ItemTold(Struct, frozen=True, rename="camel"):
    """A line as the event tells it."""

    sku: str
    qty: int
    price: Decimal


class Placed(Struct, frozen=True, rename="camel"):
    """What the first event of an order tells. Decimals come as exact JSON numbers."""

    order_id: UUID
    user_id: str
    total_amount: Decimal
    currency: str
    items: list[ItemTold]
    shipping_amount: Decimal
    tax_amount: Decimal
    discount_amount: Decimal
    placed_at: datetime


class Edited(Struct, frozen=True, rename="camel"):
    """What an edit tells."""

    previous_amount: Decimal
    total_amount: Decimal
    currency: str
    items: list[ItemTold]
    shipping_amount: Decimal
    tax_amount: Decimal
    discount_amount: Decimal


class Facts(NamedTuple):
    """What only an edit changes; amounts in minor units, lines as (sku, quantity, price of one) in their order."""

    user_id: str
    placed_at: datetime
    currency: str
    total: int
    shipping: int
    tax: int
    discount: int
    lines: tuple[tuple[str, int, int], ...]


class Folded(NamedTuple):
    """Where events lead: the statuses in order, and the first event that could not happen there, if any."""

    statuses: list[str]
    broken: str | None

    @property
    def status(self) -> str:
        """The last one."""
        return self.statuses[-1] if self.statuses else ""


_placed: Final = msgspec.json.Decoder(Placed).decode
_edited: Final = msgspec.json.Decoder(Edited).decode


def fold(types: Sequence[str]) -> Folded:
    """Follow events in the order in which they were told."""
    status = ""
    statuses: list[str] = []
    for event in types:
        following = MOVES.get((status, event))
        if following is None:
            return Folded(statuses, f"{event} cannot happen while {status or 'nothing is placed'}")
        status = following
        statuses.append(status)
    return Folded(statuses, None)


def facts(payload: str, edits: Sequence[str] = ()) -> Facts:
    """What the first event tells, and those that changed it, each beginning where the one before ended.

    Raises ValueError where one cannot be read, its amounts are no money, or it does not follow from the one before.
    """
    try:
        told = _placed(payload)
        currency = told.currency
        found = Facts(
            user_id=told.user_id,
            placed_at=told.placed_at,
            currency=currency,
            total=_minor(told.total_amount, currency),
            shipping=_minor(told.shipping_amount, currency),
            tax=_minor(told.tax_amount, currency),
            discount=_minor(told.discount_amount, currency),
            lines=_lines(told.items, currency),
        )
        for edit in edits:
            found = _after(found, _edited(edit))
        return found
    except (msgspec.DecodeError, Invalid) as unreadable:
        raise ValueError(str(unreadable)) from unreadable


def _after(before: Facts, told: Edited) -> Facts:
    if (_minor(told.previous_amount, told.currency), told.currency) != (before.total, before.currency):
        raise ValueError(f"an edit tells that it came to {told.previous_amount} {told.currency} before")
    return before._replace(
        total=_minor(told.total_amount, told.currency),
        shipping=_minor(told.shipping_amount, told.currency),
        tax=_minor(told.tax_amount, told.currency),
        discount=_minor(told.discount_amount, told.currency),
        lines=_lines(told.items, told.currency),
    )


def _lines(items: Sequence[ItemTold], currency: str) -> tuple[tuple[str, int, int], ...]:
    return tuple((item.sku, item.qty, _minor(item.price, currency)) for item in items)


def _minor(amount: Decimal, currency: str) -> int:
    return Money.parse(amount, currency).minor
