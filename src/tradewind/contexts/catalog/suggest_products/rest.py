"""GET /api/v1/products/suggest."""

from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.catalog.suggest_products.query import SUGGESTIONS, Suggestions, SuggestProducts
from tradewind.ports.search import MAX_SUGGESTIONS, MAX_TEXT, SearchAway


@get("/api/v1/products/suggest", public=True, raises=(SearchAway,))
async def suggest_products(
    call: Call,
    dispatch: Dispatch,
    q: Annotated[str, Meta(max_length=MAX_TEXT)] = "",
    limit: Annotated[int, Meta(ge=1, le=MAX_SUGGESTIONS)] = SUGGESTIONS,
) -> Suggestions:
    """Go on from what was typed so far: names of products, the likeliest first."""
    answer: Suggestions = await dispatch(SuggestProducts(text=q, limit=limit), call)
    return answer
