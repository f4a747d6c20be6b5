"""GET /api/v1/reviews/{review_id}."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.reviews._domain.views import ReviewView
from tradewind.contexts.reviews._store.reviews import NoSuchReview
from tradewind.contexts.reviews.get_review.query import GetReview


@get("/api/v1/reviews/{review_id}", public=True, raises=(NoSuchReview,))
async def get_review(review_id: UUID, call: Call, dispatch: Dispatch) -> ReviewView:
    """See a review. One that is not published is seen by its author and by moderators alone."""
    answer: ReviewView = await dispatch(GetReview(review_id=review_id), call)
    return answer
