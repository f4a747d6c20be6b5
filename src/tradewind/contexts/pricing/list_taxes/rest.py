"""GET /api/v1/tax-rates."""

from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.pricing.list_taxes.query import MAX_PAGE, PAGE, ListTaxes, TaxPage
from tradewind.kernel.pages import Cursor, UnfitCursor


@get("/api/v1/tax-rates", raises=(UnfitCursor,))
async def list_taxes(
    call: Call,
    dispatch: Dispatch,
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")] | None = None,
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = PAGE,
    cursor: Cursor | None = None,
) -> TaxPage:
    """See what each country and region taxes. For staff."""
    answer: TaxPage = await dispatch(ListTaxes(country=country, limit=limit, cursor=cursor), call)
    return answer
