"""Whether somebody may follow an order, or their own; and how it stands."""

from typing import Final
from uuid import UUID

from msgspec import structs

from tradewind.api.live import TopicFollow
from tradewind.contexts.orders._store.orders import NoSuchOrder
from tradewind.contexts.orders.watch_orders.channel import OrderChannel, OrderNews, of_order, of_user
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

READ: Final = "SELECT user_id, status FROM orders.orders WHERE id = $1"


class WatchOrders(Command, frozen=True):
    """See what happens to an order from now on, or to all that are one's own."""

    order_id: UUID | None = None


@query(action="orders.get")
async def watch_orders(command: WatchOrders, tx: Tx) -> TopicFollow:
    """Who follows first and looks afterwards misses nothing. Somebody else's order looks like none (NoSuchOrder)."""
    channel = tx.peer(OrderChannel)
    me = tx.call.actor.subject
    if command.order_id is None:
        return TopicFollow(channel=channel, topic=of_user(me), after=channel.last)
    follow = TopicFollow(channel=channel, topic=of_order(command.order_id), after=channel.last)
    row = await tx.row(READ, command.order_id)
    if row is None or not tx.allows("orders.get", owner=row["user_id"] == me, status=row["status"]):
        raise NoSuchOrder(orderId=str(command.order_id))
    return structs.replace(follow, standing=OrderNews(order_id=command.order_id, status=row["status"]))
