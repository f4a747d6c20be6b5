"""GET /api/v1/recommendations/search."""

from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.recommendations._domain.recommendation import MAX_RECOMMENDED, Recommendations
from tradewind.contexts.recommendations.search_by_meaning.query import SearchByMeaning
from tradewind.ports.search import MAX_TEXT, SearchAway


@get("/api/v1/recommendations/search", limit="ai", raises=(SearchAway,))
async def search_by_meaning(
    q: Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)],
    call: Call,
    dispatch: Dispatch,
    limit: Annotated[int, Meta(ge=1, le=MAX_RECOMMENDED)] = 10,
) -> Recommendations:
    """Find products by what you mean, in your own words; without an AI provider, by the words themselves."""
    answer: Recommendations = await dispatch(SearchByMeaning(text=q, limit=limit), call)
    return answer
