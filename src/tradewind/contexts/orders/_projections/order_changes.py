"""What events say of orders in lists that others keep: what orders_by_customer shows, with each event's place."""

from typing import Final, TypeAlias

from tradewind.contexts.orders._projections.orders_by_customer import Move, orders_by_customer, status_of
from tradewind.contracts.inventory import InventoryReserved
from tradewind.contracts.orders import OrderClaimed, OrderEdited, OrderPlaced
from tradewind.kernel.money import Money
from tradewind.ports.order_lists import Change

HEARD: Final = orders_by_customer.types
"""By wire type."""
Heard: TypeAlias = Move | OrderEdited | OrderClaimed


def order_change(event: Heard, place: int) -> Change:
    """What the event at `place` says; `reserved` only that goods are held, since it may be heard too late."""
    match event:
        case OrderPlaced():
            total = Money.parse(event.total_amount, event.currency).minor
            return Change(
                event.order_id, place, event.user_id, event.placed_at, status_of(event).value, total, event.currency
            )
        case OrderEdited():
            total = Money.parse(event.total_amount, event.currency).minor
            return Change(event.order_id, place, total_minor=total)
        case OrderClaimed():
            return Change(event.order_id, place, user_id=event.user_id)
        case InventoryReserved():
            return Change(event.order_id, place, held=True)
        case _:
            return Change(event.order_id, place, status=status_of(event).value)
