"""GET /api/v1/recommendations."""

from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.recommendations._domain.recommendation import MAX_RECOMMENDED, Recommendations
from tradewind.contexts.recommendations.recommend_for_you.query import RecommendForYou


@get("/api/v1/recommendations", public=True)
async def recommend_for_you(
    call: Call, dispatch: Dispatch, limit: Annotated[int, Meta(ge=1, le=MAX_RECOMMENDED)] = 10
) -> Recommendations:
    """See what might please you, each with its reason; without a token, or before a first order, what others buy."""
    answer: Recommendations = await dispatch(RecommendForYou(limit=limit), call)
    return answer
