"""GET /api/v1/inventory."""

from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.inventory.list_stock.query import MAX_PAGE, SKUS, ListStock, StockPage
from tradewind.kernel.pages import Cursor, UnfitCursor


@get("/api/v1/inventory", raises=(UnfitCursor,))
async def list_stock(
    call: Call,
    dispatch: Dispatch,
    skus: Annotated[str, Meta(pattern=SKUS)] | None = None,
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = 100,
    cursor: Cursor | None = None,
) -> StockPage:
    """See what there is of some SKUs (`skus=A,B,C`), or leaf through all of them in their order.

    `skus` has room for 255 characters. `next` of one page is the `cursor` of the following one; the last page has none.
    It may be some seconds late; of two answers about one SKU the greater `version` is the later.
    """
    answer: StockPage = await dispatch(ListStock(skus=skus, limit=limit, cursor=cursor), call)
    return answer
