"""The orders of one customer, newest first: from lists kept elsewhere, or from the projection orders_by_customer.

Both have the same keys, so a cursor that one gave goes on in the other.
"""

from collections.abc import Sequence
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
from tradewind.ports.order_lists import Listed, OrderLists, OrderListsAway
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import Asking, outside, query
from tradewind.runtime.telemetry import metrics

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


class LookUpOrders(Command, frozen=True):
    """See `many` of your orders that lie before a key, in the projection."""

    before: tuple[datetime, UUID]
    many: int


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


@outside(action="orders.list")
async def list_orders(command: ListOrders, ask: Asking) -> OrderPage:
    """Only the caller's own. Refuses UnfitCursor."""
    limit = min(command.limit, MAX_PAGE)
    rows = await _rows(ask, NEWEST.after(command.cursor), limit + 1)
    shown, next_ = NEWEST.page(rows, limit, lambda row: (row.placed_at, row.order_id))
    return OrderPage(items=[_summary(row) for row in shown], next=next_)


@query(action="orders.list")
async def look_up_orders(command: LookUpOrders, tx: Tx) -> Sequence[Listed]:
    """Only the caller's own."""
    rows = await tx.all(LIST, tx.call.actor.subject, *command.before, command.many)
    return [Listed(*row) for row in rows]


async def _rows(ask: Asking, before: tuple[datetime, UUID], many: int) -> Sequence[Listed]:
    try:
        found = await ask.peer(OrderLists).newest(ask.call.actor.subject, before, many)
    except OrderListsAway:
        metrics.order_lists_missed_total.inc()
        found = None
    if found is not None:
        return found
    rows: Sequence[Listed] = await ask(LookUpOrders(before=before, many=many))
    return rows


def _summary(row: Listed) -> OrderSummary:
    held = row.held and row.status == Status.PENDING_RESERVATION.value
    return OrderSummary(
        id=row.order_id,
        status=Status.RESERVED if held else Status(row.status),
        total_amount=Money(row.total_minor, row.currency).amount,
        currency=row.currency,
        placed_at=row.placed_at,
    )
