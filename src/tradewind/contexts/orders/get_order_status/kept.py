"""The status of an order, put into every process's cache by the events that move it, for its owner alone (S0-85).

A page that waits for its order asks again and again: while the order is under way that costs no connection. Once it is
fulfilled, cancelled or failed nothing more will come, and it is kept no more.
"""

from typing import Final, TypeAlias
from uuid import UUID

from msgspec import Struct, structs

from tradewind.api.rest import encoded
from tradewind.contexts.orders._domain.order import Status
from tradewind.contexts.orders._store.orders import NoSuchOrder
from tradewind.contexts.orders.get_order_status.standing import Standing
from tradewind.contracts.inventory import InventoryReserved
from tradewind.contracts.messages import Command
from tradewind.contracts.orders import (
    OrderCancelled,
    OrderClaimed,
    OrderConfirmed,
    OrderFailed,
    OrderFulfilled,
    OrderPaid,
    OrderPlaced,
    PaymentAwaited,
)
from tradewind.ports.cache import Cache
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query
from tradewind.runtime.keeping import Encoded, Kept, own_key
from tradewind.runtime.subscriptions import Here, listener
from tradewind.runtime.telemetry import metrics

PREFIX: Final = "order_status:"
KEY: Final = "order_status:{}"
KEPT_S: Final = 60.0
"""Ephemeral: what nobody has moved for so long is asked for again."""
READ: Final = "SELECT user_id, status FROM orders.orders WHERE id = $1"
Moving: TypeAlias = OrderPlaced | InventoryReserved | PaymentAwaited | OrderConfirmed | OrderPaid
Ending: TypeAlias = OrderFulfilled | OrderCancelled | OrderFailed
COMES_TO: Final[dict[type, Status]] = {
    OrderPlaced: Status.PENDING_RESERVATION,
    InventoryReserved: Status.RESERVED,
    PaymentAwaited: Status.PENDING_PAYMENT,
    OrderConfirmed: Status.CONFIRMED,
    OrderPaid: Status.PAID,
    OrderFulfilled: Status.FULFILLED,
    OrderCancelled: Status.CANCELED,
    OrderFailed: Status.FAILED,
}
ENDS: Final = frozenset((Status.FULFILLED, Status.CANCELED, Status.FAILED))
_staleness = metrics.cache_staleness_ms.labels("order_status")


class OrderStatus(Struct, frozen=True, kw_only=True):
    """Where an order stands."""

    id: UUID
    status: str


class GetOrderStatus(Command, frozen=True):
    """See where an order stands."""

    order_id: UUID


def _key(command: GetOrderStatus) -> str:
    return KEY.format(command.order_id)


@query(action="orders.get", kept=Kept("order_status", _key, KEPT_S, own=True))
async def get_order_status(command: GetOrderStatus, tx: Tx) -> Encoded:
    """The body, kept for who asked. Somebody else's order looks like none at all (NoSuchOrder), and is not kept."""
    row = await tx.row(READ, command.order_id)
    if row is None or not tx.allows("orders.get", owner=row["user_id"] == tx.call.actor.subject, status=row["status"]):
        raise NoSuchOrder(orderId=str(command.order_id))
    status = Status(row["status"])
    tx.peer(Standing).rises(command.order_id, status, row["user_id"])
    return structs.replace(_body(command.order_id, status.value), to_keep=status not in ENDS)


def _body(order_id: UUID, status: str) -> Encoded:
    return encoded(OrderStatus(id=order_id, status=status), 1, KEY.format(order_id))


def forget_all(here: Here) -> None:
    """Events may have been missed."""
    here.peer(Cache).clear(PREFIX)
    here.peer(Standing).clear()


@listener(reset=forget_all)
def keep_order_status(event: Moving | Ending | OrderClaimed, here: Here) -> None:
    """What was kept of the order goes, for whomever; where it stands now is put there for its owner, unless it is over.

    A guest's order that was claimed is kept for nobody until its new owner asks, or it moves.
    """
    cache, key = here.peer(Cache), KEY.format(event.order_id)
    if isinstance(event, OrderClaimed):
        cache.forget(key, at=here.at)
        here.peer(Standing).belongs(event.order_id, event.user_id)
        return
    status = COMES_TO[type(event)]
    owner = here.peer(Standing).rises(event.order_id, status, getattr(event, "user_id", None))
    if cache.forget(key, at=here.at):
        _staleness.observe(here.age_ms)
    if owner is not None and status not in ENDS:
        cache.put(own_key(key, owner), _body(event.order_id, status.value).as_bytes(), KEPT_S, (key,), at=here.at)
