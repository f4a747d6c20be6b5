"""Returns, for those who may see the order that they are of."""

from uuid import UUID

from tradewind.contexts.returns._domain.views import ReturnList, ReturnView, view
from tradewind.contexts.returns._store import returns
from tradewind.contexts.returns.request_return.command import NoSuchOrder
from tradewind.contracts.messages import Command
from tradewind.contracts.orders import OrdersPeer
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query


class GetReturn(Command, frozen=True):
    """See a return."""

    return_id: UUID


class ListReturns(Command, frozen=True):
    """See every return of an order."""

    order_id: UUID


@query(action="returns.get")
async def get_return(command: GetReturn, tx: Tx) -> ReturnView:
    """Refuses with NoSuchReturn; somebody else's looks like none at all."""
    found = await returns.read(tx, command.return_id)
    if not await _visible(tx, found.order_id):
        raise returns.NoSuchReturn(returnId=str(command.return_id))
    return view(found)


@query(action="returns.get")
async def list_returns(command: ListReturns, tx: Tx) -> ReturnList:
    """Refuses with NoSuchOrder; somebody else's looks like none at all."""
    if not await _visible(tx, command.order_id):
        raise NoSuchOrder(orderId=str(command.order_id))
    return ReturnList(tuple(view(one) for one in await returns.of_order(tx, command.order_id)))


async def _visible(tx: Tx, order_id: UUID) -> bool:
    bought = await tx.peer(OrdersPeer).bought(tx, order_id)
    return bought is not None and tx.allows("returns.get", owner=bought.user_id == tx.call.actor.subject)
