"""The orders of one customer, newest first, from the projection orders_by_customer."""

from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.orders._domain.order import Status
from tradewind.contracts.messages import Command
from tradewind.kernel.ids import MAX_ID
from tradewind.kernel.money import Money
from tradewind.kernel.pages import LAST_MOMENT, Keyset, Moment
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

MAX_PAGE = 100
LIST: Final = """
    SELECT order_id, placed_at, status, total_minor, currency FROM orders.orders_by_customer
    WHERE user_id = $1 AND (placed_at, order_id) < ($2, $3)
    ORDER BY placed_at DESC, order_id DESC LIMIT $4
"""
NEWEST: Final = Keyset("orders", tuple[Moment, UUID], (LAST_MOMENT, MAX_ID))


class ListOrders(Command, frozen=True):
    """See your orders. `cursor` is `next` of the page before."""

    limit: int = 20
    cursor: str | None = None


class OrderSummary(Struct, frozen=True, kw_only=True, rename="camel"):
    """An order in a list."""

    id: UUID
    status: Status
    total_amount: Decimal
    currency: str
    placed_at: datetime


class OrderPage(Struct, frozen=True, kw_only=True, rename="camel"):
    """Some orders, and where the next ones begin."""

    items: list[OrderSummary]
    next: str | None


@query(action="orders.list")
async def list_orders(command: ListOrders, tx: Tx) -> OrderPage:
    """Only the caller's own. Refuses UnfitCursor."""
    limit = min(command.limit, MAX_PAGE)
    rows = await tx.all(LIST, tx.call.actor.subject, *NEWEST.after(command.cursor), limit + 1)
    shown, next_ = NEWEST.page(rows, limit, lambda row: (row["placed_at"], row["order_id"]))
    return OrderPage(
        items=[
            OrderSummary(
                id=row["order_id"],
                status=Status(row["status"]),
                total_amount=Money(row["total_minor"], row["currency"]).amount,
                currency=row["currency"],
                placed_at=row["placed_at"],
            )
            for row in shown
        ],
        next=next_,
    )
