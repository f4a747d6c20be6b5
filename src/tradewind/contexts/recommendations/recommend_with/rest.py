"""GET /api/v1/products/{product_id}/recommendations."""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.recommendations._domain.recommendation import MAX_RECOMMENDED, Recommendations
from tradewind.contexts.recommendations._store.recommendations import NoSuchProduct
from tradewind.contexts.recommendations.recommend_with.query import RecommendWith


@get("/api/v1/products/{product_id}/recommendations", public=True, raises=(NoSuchProduct,))
async def recommend_with(
    product_id: UUID,
    call: Call,
    dispatch: Dispatch,
    kind: Literal["bought-together", "similar"] = "bought-together",
    limit: Annotated[int, Meta(ge=1, le=MAX_RECOMMENDED)] = 10,
) -> Recommendations:
    """See what goes with a product, each with its reason; where little is known yet, what is popular or new."""
    answer: Recommendations = await dispatch(RecommendWith(product_id=product_id, kind=kind, limit=limit), call)
    return answer
