"""GET /api/v1/products/search."""

from decimal import Decimal
from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.catalog.search_products.query import (
    MAX_ATTRIBUTES,
    PAGE,
    FoundProducts,
    SearchProducts,
    UnfitSearch,
)
from tradewind.kernel.pages import UnfitCursor
from tradewind.ports.search import MAX_PAGE, MAX_TEXT, SearchAway, Sort


@get("/api/v1/products/search", public=True, raises=(UnfitSearch, UnfitCursor, SearchAway))
async def search_products(  # noqa: PLR0913, PLR0917 -- each is a parameter of the query
    call: Call,
    dispatch: Dispatch,
    q: Annotated[str, Meta(max_length=MAX_TEXT)] = "",
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = PAGE,
    sort: Sort = Sort.RELEVANCE,
    category: str | None = None,
    min_price: Annotated[Decimal, Meta()] | None = None,
    max_price: Annotated[Decimal, Meta()] | None = None,
    in_stock: bool | None = None,
    attribute: Annotated[list[str], Meta(max_length=MAX_ATTRIBUTES)] | None = None,
    cursor: str | None = None,
) -> FoundProducts:
    """Find products.

    Every word may be inflected, stand for a synonym or be one letter off; the last one may be the beginning of a word.
    Without `q` everything is listed. `category` is a path ("books/poetry") and holds what is below it; `attribute`
    ("language:eng") may be given several times. `next` of one page is the `cursor` of the following one.
    """
    command = SearchProducts(
        text=q,
        sort=sort,
        limit=limit,
        category=category,
        min_price=min_price,
        max_price=max_price,
        in_stock=in_stock,
        attributes=tuple(attribute or ()),
        cursor=cursor,
    )
    answer: FoundProducts = await dispatch(command, call)
    return answer
