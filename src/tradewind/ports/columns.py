"""Where the star schema lies: facts and dimensions in columns, made of events alone, for questions over all of them.

What every adapter promises, and every caller may lean on:

- **Delivery.** `put` is idempotent by each row's key, and all of a batch is there once it returned. What was put twice,
  by whomever, counts once, in whatever sequence rows came: what happened to an order or product has its `version`.
- **Reading.** A question sees every batch whose `put` has returned, in every process.
- **Size.** An answer is whole: `revenue` and `daily_revenue` raise `TooManyRows` where it had more than MAX_ROWS rows.
- **Failure.** What cannot be written or asked raises `ColumnsAway`; a `put` that raised may be there, wholly or in
  part, and is to be repeated.
- **Money** is whole minor units, summed exactly; a question never adds up amounts of two currencies.
- **Time** is UTC; a period is from `since` up to, not including, `until`.
- **No person.** `customer_key` is a pseudonym, and `forget` takes even that away.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

from msgspec import Struct

from tradewind.kernel.errors import Invalid, Unavailable

MAX_ROWS: Final = 10_000
"""Rows that one answer has at most; who would get more is refused."""
NOBODY: Final = ""
"""The customer of an order whose buyer was forgotten."""


class ColumnsAway(Unavailable):
    """What the shop counts cannot be asked right now; ask again."""


class TooManyRows(Invalid):
    """The answer would have too many rows; ask for a shorter period, or for longer pieces of it."""


class Grain(StrEnum):
    """How long the pieces of time are that a question is answered by."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


class OrderFact(Struct, frozen=True, array_like=True):
    """`fact_orders`: what an order was of from `valid_from` until the next row of it, by `revision`: the event.

    The first row's `valid_from` is when it was placed; the highest `version` is what counts now.
    """

    revision: UUID
    order_id: UUID
    version: int
    valid_from: datetime
    customer_key: str
    currency: str
    pieces: int
    shipping_minor: int
    tax_minor: int
    discount_minor: int
    total_minor: int


class LineFact(Struct, frozen=True, array_like=True):
    """`fact_order_lines`: what an order was of from one revision on, by `revision` and `line_number`."""

    revision: UUID
    line_number: int
    order_id: UUID
    product_id: UUID | None
    sku: str
    quantity: int
    unit_price_minor: int
    currency: str


class StepFact(Struct, frozen=True, array_like=True):
    """`fact_order_steps`: that an order was CONFIRMED, PAID, CANCELED, FAILED, FULFILLED or DELIVERED, by `event_id`.

    Where no amount is told, there is none and no currency.
    """

    event_id: UUID
    order_id: UUID
    step: str
    told_at: datetime
    total_minor: int = 0
    currency: str = ""


class PaymentFact(Struct, frozen=True, array_like=True):
    """`fact_payments`: money that was CAPTURED or REFUNDED, by `event_id`.

    Where it never came, or never went back, a second row takes it away again: its amount is below nothing.
    """

    event_id: UUID
    order_id: UUID
    movement: str
    told_at: datetime
    amount_minor: int
    currency: str


class AdjustmentFact(Struct, frozen=True, array_like=True):
    """`fact_inventory_adjustments`: pieces that came or went otherwise than by an order, by `event_id`."""

    event_id: UUID
    product_id: UUID
    sku: str
    warehouse: str
    quantity: int
    reason: str
    told_at: datetime


class CartFact(Struct, frozen=True, array_like=True):
    """`fact_carts`: that a cart was CHECKED_OUT, ABANDONED or EXPIRED, by `event_id`."""

    event_id: UUID
    cart_id: UUID
    outcome: str
    told_at: datetime


class ProductDimension(Struct, frozen=True, array_like=True):
    """`dim_product`: what a product was from `valid_from` until the next row of it (SCD2), by `event_id`."""

    event_id: UUID
    product_id: UUID
    version: int
    valid_from: datetime
    sku: str
    name: str
    category: str
    brand: str
    status: str


class Batch(Struct, frozen=True, array_like=True):
    """Rows that belong together. `forgotten`: customers of whom nothing may be known; of no row of a later batch."""

    orders: tuple[OrderFact, ...] = ()
    lines: tuple[LineFact, ...] = ()
    steps: tuple[StepFact, ...] = ()
    payments: tuple[PaymentFact, ...] = ()
    adjustments: tuple[AdjustmentFact, ...] = ()
    carts: tuple[CartFact, ...] = ()
    products: tuple[ProductDimension, ...] = ()
    forgotten: tuple[str, ...] = ()


class Revenue(Struct, frozen=True):
    """Money of one currency that came and went in one piece of time; `captures` and `refunds` are how often.

    What turns out later not to have moved is taken off when it is told, so each may be below nothing.
    """

    start: datetime
    currency: str
    captured_minor: int
    refunded_minor: int
    captures: int
    refunds: int


class DailyRevenue(Struct, frozen=True):
    """`daily_revenue`: orders of one currency that were paid on a day, and paid ones that were called off on it."""

    day: datetime
    currency: str
    paid_minor: int
    canceled_minor: int
    paid: int
    canceled: int


class ProductSales(Struct, frozen=True):
    """What a product sold in orders that were not called off: pieces, and their prices before discounts and tax.

    `name` and `category` are the product's own as they are now; fees, which are no product, have neither.
    """

    sku: str
    name: str
    category: str
    pieces: int
    sales_minor: int
    orders: int


class Sales(Struct, frozen=True):
    """Orders of one currency placed in a period: all, those paid, those called off; pieces and totals without these."""

    currency: str
    orders: int
    paid: int
    called_off: int
    customers: int
    pieces: int
    total_minor: int


class DailySales(Struct, frozen=True):
    """What `Sales` are of the orders placed on one day."""

    day: datetime
    sales: Sales


class CartsEnded(Struct, frozen=True):
    """Carts that became an order, and carts that were left and have not become one since."""

    checked_out: int
    abandoned: int


class Columns(Protocol):
    """Everything that analytics asks of the store."""

    async def put(self, batch: Batch) -> None:
        """Let these rows count."""
        ...

    async def clear(self) -> None:
        """Forget every row; what follows is put anew."""
        ...

    async def revenue(self, since: datetime, until: datetime, grain: Grain) -> Sequence[Revenue]:
        """By piece of time and currency, in this order; pieces in which nothing moved are left out."""
        ...

    async def daily_revenue(self, since: datetime, until: datetime) -> Sequence[DailyRevenue]:
        """By day and currency, in this order; days on which nothing was paid or called off are left out."""
        ...

    async def top_products(self, since: datetime, until: datetime, currency: str, many: int) -> Sequence[ProductSales]:
        """Of the orders placed in the period; those that sold for most first, equals by SKU."""
        ...

    async def sales(self, since: datetime, until: datetime) -> Sequence[Sales]:
        """By currency."""
        ...

    async def daily_sales(self, since: datetime, until: datetime) -> Sequence[DailySales]:
        """By day and currency, in this order; days on which nothing was ordered are left out."""
        ...

    async def first_order(self) -> datetime | None:
        """When the first of all orders was placed; None where there is none."""
        ...

    async def carts(self, since: datetime, until: datetime) -> CartsEnded:
        """What became of carts in the period."""
        ...
