"""POST /api/v1/returns/{return_id}/receive."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, post
from tradewind.contexts.returns._domain.views import ReturnView
from tradewind.contexts.returns._store.returns import NoSuchReturn
from tradewind.contexts.returns.receive_return.command import ReceiveReturn
from tradewind.kernel.lifecycle import IllegalMove


@post("/api/v1/returns/{return_id}/receive", raises=(NoSuchReturn, IllegalMove))
async def receive_return(return_id: UUID, call: Call, dispatch: Dispatch) -> ReturnView:
    """Report that a parcel came back. For the warehouse."""
    answer: ReturnView = await dispatch(ReceiveReturn(return_id=return_id), call)
    return answer
