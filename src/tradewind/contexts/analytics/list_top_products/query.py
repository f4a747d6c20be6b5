"""What sells best."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from msgspec import Struct

from tradewind.contexts.analytics._domain.periods import period
from tradewind.contracts.messages import Command
from tradewind.kernel.money import Money
from tradewind.ports.columns import Columns
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

MAX_PRODUCTS: Final = 1_000


class ListTopProducts(Command, frozen=True):
    """Of the orders of one currency placed from `since` up to `until`."""

    since: datetime | None = None
    until: datetime | None = None
    currency: str = "EUR"
    limit: int = 20


class ProductSalesView(Struct, frozen=True, kw_only=True, rename="camel"):
    """Pieces, and their prices before discounts and tax, of orders that were not called off."""

    sku: str
    name: str
    category: str
    pieces: int
    sales: Decimal
    orders: int


class TopProducts(Struct, frozen=True, kw_only=True, rename="camel"):
    """Those that sold for most first."""

    since: datetime
    until: datetime
    currency: str
    items: Sequence[ProductSalesView]


@query(action="analytics.read")
async def list_top_products(command: ListTopProducts, tx: Tx) -> TopProducts:
    """Refuses UnfitPeriod and ColumnsAway."""
    since, until = period(command.since, command.until)
    many, currency = min(command.limit, MAX_PRODUCTS), command.currency
    found = await tx.peer(Columns).top_products(since, until, currency, many)
    items = [
        ProductSalesView(
            sku=one.sku,
            name=one.name,
            category=one.category,
            pieces=one.pieces,
            sales=Money(one.sales_minor, currency).amount,
            orders=one.orders,
        )
        for one in found
    ]
    return TopProducts(since=since, until=until, currency=currency, items=items)
