"""GET /api/v1/products/{product_id}/reviews."""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.reviews._domain.views import ReviewPage
from tradewind.contexts.reviews._store.reviews import NoSuchProduct
from tradewind.contexts.reviews.list_reviews.query import MAX_PAGE, ListReviews
from tradewind.kernel.pages import Cursor, UnfitCursor


@get("/api/v1/products/{product_id}/reviews", public=True, raises=(NoSuchProduct, UnfitCursor))
async def list_reviews(
    product_id: UUID,
    call: Call,
    dispatch: Dispatch,
    sort: Literal["newest", "helpful"] = "newest",
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = 20,
    cursor: Cursor | None = None,
) -> ReviewPage:
    """See a product's published reviews, and what all of them add up to."""
    command = ListReviews(product_id=product_id, sort=sort, limit=limit, cursor=cursor)
    answer: ReviewPage = await dispatch(command, call)
    return answer
