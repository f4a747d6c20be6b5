"""The read model orders_by_customer (S0-55): one row an order, in the order a customer looks for it."""

from typing import Final, assert_never

from tradewind.contexts.orders._domain.order import Status
from tradewind.contracts.inventory import InventoryReserved
from tradewind.contracts.orders import (
    OrderCancelled,
    OrderConfirmed,
    OrderFailed,
    OrderFulfilled,
    OrderPaid,
    OrderPlaced,
    PaymentAwaited,
)
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import projection

OPEN: Final = """
    INSERT INTO orders.orders_by_customer (user_id, placed_at, order_id, status, total_minor, currency)
    VALUES ($1, $2, $3, 'PENDING_RESERVATION', $4, $5) ON CONFLICT (order_id) DO NOTHING
"""
MARK: Final = "UPDATE orders.orders_by_customer SET status = $2 WHERE order_id = $1"
OrderEvent = (
    OrderPlaced
    | InventoryReserved
    | PaymentAwaited
    | OrderConfirmed
    | OrderPaid
    | OrderFulfilled
    | OrderCancelled
    | OrderFailed
)


@projection("orders.orders_by_customer")
async def orders_by_customer(event: OrderEvent, tx: Tx) -> None:
    """Each event of an order, in the order in which it was told."""
    match event:
        case OrderPlaced():
            total = Money.parse(event.total_amount, event.currency).minor
            await tx.run(OPEN, event.user_id, event.placed_at, event.order_id, total, event.currency)
        case InventoryReserved():
            await tx.run(MARK, event.order_id, Status.RESERVED.value)
        case PaymentAwaited():
            await tx.run(MARK, event.order_id, Status.PENDING_PAYMENT.value)
        case OrderConfirmed():
            await tx.run(MARK, event.order_id, Status.CONFIRMED.value)
        case OrderPaid():
            await tx.run(MARK, event.order_id, Status.PAID.value)
        case OrderFulfilled():
            await tx.run(MARK, event.order_id, Status.FULFILLED.value)
        case OrderCancelled():
            await tx.run(MARK, event.order_id, Status.CANCELED.value)
        case OrderFailed():
            await tx.run(MARK, event.order_id, Status.FAILED.value)
        case _:
            assert_never(event)
