"""What was sold, as clients see it: in a period, or on one day."""

from decimal import Decimal
from typing import Any, Self

from msgspec import Struct

from tradewind.contexts.analytics._domain.figures import average
from tradewind.kernel.money import Money
from tradewind.ports.columns import Sales


class SalesView(Struct, frozen=True, kw_only=True, rename="camel"):
    """Orders of one currency: all, and those paid and called off. `total`, `pieces` and `averageOrderValue` are without
    those called off; `customers` are different buyers."""

    currency: str
    orders: int
    orders_paid: int
    orders_called_off: int
    customers: int
    pieces: int
    total: Decimal
    average_order_value: Decimal

    @classmethod
    def of(cls, sales: Sales, **more: Any) -> Self:
        """The figures; `more`: what a view has beside them."""
        return cls(
            currency=sales.currency,
            orders=sales.orders,
            orders_paid=sales.paid,
            orders_called_off=sales.called_off,
            customers=sales.customers,
            pieces=sales.pieces,
            total=Money(sales.total_minor, sales.currency).amount,
            average_order_value=average(sales.total_minor, sales.orders - sales.called_off, sales.currency),
            **more,
        )
