"""The read model orders_by_customer (S0-55): one row an order, in the order in which a customer looks for it."""

from collections.abc import Sequence
from typing import Final, TypeAlias, assert_never

from tradewind.contexts.orders._domain.order import Status
from tradewind.contracts.inventory import InventoryReserved
from tradewind.contracts.orders import (
    OrderCancelled,
    OrderClaimed,
    OrderConfirmed,
    OrderEdited,
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
    SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::uuid[], $4::text[], $5::bigint[], $6::text[])
    ON CONFLICT (order_id) DO NOTHING
"""
MARK: Final = """
    UPDATE orders.orders_by_customer AS o SET status = u.status
    FROM unnest($1::uuid[], $2::text[]) AS u (order_id, status) WHERE o.order_id = u.order_id
"""
RESERVE: Final = """
    UPDATE orders.orders_by_customer SET status = 'RESERVED'
    WHERE order_id = ANY($1::uuid[]) AND status = 'PENDING_RESERVATION'
"""
"""Told by another context: by Kafka it may be heard after what the order itself has told since."""
EDIT: Final = """
    UPDATE orders.orders_by_customer AS o SET total_minor = u.total_minor
    FROM unnest($1::uuid[], $2::bigint[]) AS u (order_id, total_minor) WHERE o.order_id = u.order_id
"""
CLAIM: Final = """
    UPDATE orders.orders_by_customer AS o SET user_id = u.user_id
    FROM unnest($1::uuid[], $2::text[]) AS u (order_id, user_id) WHERE o.order_id = u.order_id
"""
Move: TypeAlias = (
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
async def orders_by_customer(events: Sequence[Move | OrderEdited | OrderClaimed], tx: Tx) -> None:
    """The last event of each order says where it stands; two statements, one for edits, one for claims."""
    placed = [event for event in events if isinstance(event, OrderPlaced)]
    if placed:
        totals = [Money.parse(event.total_amount, event.currency).minor for event in placed]
        await tx.run(
            OPEN, [e.user_id for e in placed], [e.placed_at for e in placed], [e.order_id for e in placed],
            [status_of(e).value for e in placed], totals, [e.currency for e in placed],
        )  # fmt: skip
    if reserved := [event.order_id for event in events if isinstance(event, InventoryReserved)]:
        await tx.run(RESERVE, reserved)
    aside = OrderPlaced | InventoryReserved | OrderEdited | OrderClaimed
    last = {e.order_id: status_of(e).value for e in events if not isinstance(e, aside)}
    await tx.run(MARK, list(last), list(last.values()))
    edited = {e.order_id: Money.parse(e.total_amount, e.currency).minor for e in events if isinstance(e, OrderEdited)}
    if edited:
        await tx.run(EDIT, list(edited), list(edited.values()))
    owners = {event.order_id: event.user_id for event in events if isinstance(event, OrderClaimed)}
    if owners:
        await tx.run(CLAIM, list(owners), list(owners.values()))


def status_of(event: Move) -> Status:
    """Where an order stands once this was told."""
    match event:
        case OrderPlaced():
            return Status.PENDING_RESERVATION
        case InventoryReserved():
            return Status.RESERVED
        case PaymentAwaited():
            return Status.PENDING_PAYMENT
        case OrderConfirmed():
            return Status.CONFIRMED
        case OrderPaid():
            return Status.PAID
        case OrderFulfilled():
            return Status.FULFILLED
        case OrderCancelled():
            return Status.CANCELED
        case OrderFailed():
            return Status.FAILED
        case _:
            assert_never(event)
