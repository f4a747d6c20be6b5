"""GET /api/v1/shipping/expected."""

from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.shipping._store.expected import KEPT_DAYS
from tradewind.contexts.shipping.list_expected.query import DAYS, ExpectedList, ListExpected


@get("/api/v1/shipping/expected")
async def list_expected(
    call: Call, dispatch: Dispatch, days: Annotated[int, Meta(ge=1, le=KEPT_DAYS)] = DAYS
) -> ExpectedList:
    """See how much was ordered for each country on the last days, to book carriers by. For the warehouse."""
    answer: ExpectedList = await dispatch(ListExpected(days=days), call)
    return answer
