"""Events of orders with defaults, for tests to say what matters to them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Final
from uuid import UUID

from tests.adapters.order_lists.conftest import Told
from tradewind.contexts.orders._projections.order_changes import Heard
from tradewind.contracts.inventory import InventoryReserved
from tradewind.contracts.orders import OrderClaimed, OrderEdited, OrderFulfilled, OrderPaid, OrderPlaced
from tradewind.kernel.ids import MAX_ID, new_id
from tradewind.kernel.pages import LAST_MOMENT

NOON: Final = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
FIRST: Final = (LAST_MOMENT, MAX_ID)
"""Where a list begins."""
NOTHING: Final = Decimal(0)


def placed(
    user_id: str, *, order_id: UUID | None = None, at: datetime = NOON, total: str = "10.00", currency: str = "EUR"
) -> OrderPlaced:
    amount = Decimal(total)
    return OrderPlaced(order_id or new_id(), user_id, amount, currency, (), NOTHING, NOTHING, NOTHING, at)


def edited(order: OrderPlaced, total: str) -> OrderEdited:
    amounts = (order.total_amount, Decimal(total))
    return OrderEdited(
        order.order_id, new_id(), order.user_id, *amounts, order.currency, (), NOTHING, NOTHING, NOTHING, False
    )


def paid(order: OrderPlaced) -> OrderPaid:
    return OrderPaid(order.order_id, order.total_amount, order.currency)


def claimed(order: OrderPlaced, user_id: str) -> OrderClaimed:
    return OrderClaimed(order.order_id, user_id)


def reserved(order: OrderPlaced) -> InventoryReserved:
    return InventoryReserved(order.order_id, (), NOON)


def lives(seed: int, orders: int = 30) -> list[Told]:
    """What is told of many orders of few customers, in its order."""
    chance, told = Random(seed), list[Told]()
    for number in range(orders):
        order = placed(f"user-{chance.randrange(4)}", at=NOON + timedelta(microseconds=number // 3))
        of_it: list[Heard] = [order, reserved(order)]
        of_it += [claimed(order, f"user-{4 + chance.randrange(2)}")] * (chance.random() < 0.4)
        of_it += [edited(order, f"{chance.randrange(1, 99)}.50")] * (chance.random() < 0.5)
        of_it += [paid(order), OrderFulfilled(order.order_id)] * (chance.random() < 0.7)
        told += [(1 + number + 100 * step, event) for step, event in enumerate(of_it)]
    return sorted(told, key=lambda one: one[0])
