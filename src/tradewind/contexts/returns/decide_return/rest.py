"""POST /api/v1/returns/{return_id}/approve, /reject and /cancel."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.returns._domain.views import ReturnView
from tradewind.contexts.returns._store.returns import NoSuchReturn
from tradewind.contexts.returns.decide_return.command import ApproveReturn, CancelReturn, RejectReturn
from tradewind.kernel.lifecycle import IllegalMove


class Rejection(Body, frozen=True):
    """Why it is not taken back; the buyer reads it."""

    why: Annotated[str, Meta(min_length=1, max_length=200)]


@post("/api/v1/returns/{return_id}/approve", raises=(NoSuchReturn, IllegalMove))
async def approve_return(return_id: UUID, call: Call, dispatch: Dispatch) -> ReturnView:
    """Let the goods come back; `number` goes on the parcel. For support."""
    answer: ReturnView = await dispatch(ApproveReturn(return_id=return_id), call)
    return answer


@post("/api/v1/returns/{return_id}/reject", raises=(NoSuchReturn, IllegalMove))
async def reject_return(return_id: UUID, body: Rejection, call: Call, dispatch: Dispatch) -> ReturnView:
    """Do not take the goods back. For support."""
    answer: ReturnView = await dispatch(RejectReturn(return_id=return_id, why=body.why), call)
    return answer


@post("/api/v1/returns/{return_id}/cancel", raises=(NoSuchReturn, IllegalMove))
async def cancel_return(return_id: UUID, call: Call, dispatch: Dispatch) -> ReturnView:
    """Keep the goods after all, as long as the parcel is not here."""
    answer: ReturnView = await dispatch(CancelReturn(return_id=return_id), call)
    return answer
