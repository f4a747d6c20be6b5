"""POST /api/v1/returns/{return_id}/refund."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, post
from tradewind.contexts.returns._domain.views import ReturnView
from tradewind.contexts.returns._store.returns import NoSuchReturn
from tradewind.contexts.returns.retry_refund.command import NothingToRetry, RetryRefund


@post("/api/v1/returns/{return_id}/refund", raises=(NoSuchReturn, NothingToRetry))
async def retry_refund(return_id: UUID, call: Call, dispatch: Dispatch) -> ReturnView:
    """Ask again for the money of a return that the provider would not give back. For support."""
    answer: ReturnView = await dispatch(RetryRefund(return_id=return_id), call)
    return answer
