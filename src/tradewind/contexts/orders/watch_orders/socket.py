"""WS /ws/orders."""

from typing import Literal
from uuid import UUID

from msgspec import Struct

from tradewind.api.live import Dispatch, TopicFollow, socket
from tradewind.contexts.orders.watch_orders.query import WatchOrders
from tradewind.runtime.call import Call


class OneOrder(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The order to follow."""

    order_id: UUID


@socket("/ws/orders")
async def watch_orders(wish: OneOrder | Literal["mine"], call: Call, dispatch: Dispatch) -> TopicFollow:
    """An order of yours as it moves, or all of them."""
    order_id = wish.order_id if isinstance(wish, OneOrder) else None
    follow: TopicFollow = await dispatch(WatchOrders(order_id=order_id), call)
    return follow
