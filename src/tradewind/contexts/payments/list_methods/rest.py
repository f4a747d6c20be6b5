"""GET /api/v1/payment-methods."""

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.payments.list_methods.query import ListMethods, MethodList


@get("/api/v1/payment-methods")
async def list_methods(call: Call, dispatch: Dispatch) -> MethodList:
    """See your payment methods, the default first."""
    answer: MethodList = await dispatch(ListMethods(), call)
    return answer
