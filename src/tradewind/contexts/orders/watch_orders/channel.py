"""Every process's own channel of orders, fed by the log's tail: each order is a topic, and so is each buyer."""

from typing import Final, TypeAlias
from uuid import UUID

from msgspec import Struct

from tradewind.api.live import Topic, TopicChannel
from tradewind.contexts.orders.get_order_status.kept import Ending, Moving
from tradewind.contexts.orders.get_order_status.standing import Standing
from tradewind.contracts.inventory import BackorderAllotted, InventoryBackordered, InventoryReserved
from tradewind.contracts.messages import Event
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
from tradewind.contracts.shipping import ShipmentDelivered, ShipmentDispatched
from tradewind.runtime.subscriptions import Here, listener

NAMES: Final[dict[type[Event], str]] = {
    OrderPlaced: "order.placed",
    InventoryReserved: "order.reserved",
    InventoryBackordered: "order.backordered",
    BackorderAllotted: "order.goods_allotted",
    PaymentAwaited: "order.payment_awaited",
    OrderConfirmed: "order.confirmed",
    OrderPaid: "order.paid",
    OrderEdited: "order.edited",
    OrderFulfilled: "order.fulfilled",
    OrderCancelled: "order.cancelled",
    OrderFailed: "order.failed",
    OrderClaimed: "order.claimed",
    ShipmentDispatched: "shipment.dispatched",
    ShipmentDelivered: "shipment.delivered",
}
"""What each event is called on the wire of a socket."""


Backordered: TypeAlias = InventoryBackordered | BackorderAllotted
News: TypeAlias = Moving | Backordered | OrderEdited | Ending | OrderClaimed | ShipmentDispatched | ShipmentDelivered


class OrderNews(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Something happened to an order. `status`: how far it has come, which never goes back."""

    order_id: UUID
    status: str | None = None
    tracking_number: str | None = None


class OrderChannel(TopicChannel):
    """Orders, to whoever follows one, or their own, in this process."""


def open_channel() -> OrderChannel:
    """A channel of this process."""
    return OrderChannel("orders")


def of_order(order_id: UUID) -> Topic:
    """One order."""
    return Topic(f"order:{order_id}", {"orderId": str(order_id)})


def of_user(user_id: str) -> Topic:
    """All orders of one buyer."""
    return Topic(f"user:{user_id}", "mine")


def start_over(here: Here) -> None:
    """Something may have been missed: whoever follows looks again."""
    here.peer(OrderChannel).start_over(here)


@listener(reset=start_over)
def announce_orders(event: News, here: Here) -> None:
    """Tell who follows the order or its buyer. Who followed one that was claimed must ask again whether they may."""
    channel = here.peer(OrderChannel)
    stands = here.peer(Standing).of(event.order_id)
    status, known = stands or (None, None)
    news = OrderNews(
        order_id=event.order_id,
        status=status and status.value,
        tracking_number=getattr(event, "tracking_number", None),
    )
    topics = [of_order(event.order_id)]
    if owner := getattr(event, "user_id", None) or known:
        topics.append(of_user(owner))
    channel.publish(here, NAMES[type(event)], news, topics)
    if isinstance(event, OrderClaimed):
        channel.end(topics[0], "claimed")
