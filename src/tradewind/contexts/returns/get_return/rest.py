"""GET /api/v1/returns/{return_id} and GET /api/v1/orders/{order_id}/returns."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.returns._domain.views import ReturnList, ReturnView
from tradewind.contexts.returns._store.returns import NoSuchReturn
from tradewind.contexts.returns.get_return.query import GetReturn, ListReturns
from tradewind.contexts.returns.request_return.command import NoSuchOrder


@get("/api/v1/returns/{return_id}", raises=(NoSuchReturn,))
async def get_return(return_id: UUID, call: Call, dispatch: Dispatch) -> ReturnView:
    """See a return of yours: where it is and what you get for it."""
    answer: ReturnView = await dispatch(GetReturn(return_id=return_id), call)
    return answer


@get("/api/v1/orders/{order_id}/returns", raises=(NoSuchOrder,))
async def list_returns(order_id: UUID, call: Call, dispatch: Dispatch) -> ReturnList:
    """See what of an order of yours comes back, oldest first."""
    answer: ReturnList = await dispatch(ListReturns(order_id=order_id), call)
    return answer
