"""PUT /api/v1/reviews/{review_id}."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, IfMatch, put
from tradewind.contexts.reviews._domain.views import ReviewView
from tradewind.contexts.reviews._store.reviews import NoSuchReview
from tradewind.contexts.reviews.edit_review.command import EditReview
from tradewind.contexts.reviews.write_review.rest import NewReview
from tradewind.kernel.versions import Outdated


@put("/api/v1/reviews/{review_id}", raises=(NoSuchReview, Outdated))
async def edit_review(
    review_id: UUID, body: NewReview, call: Call, dispatch: Dispatch, if_match: IfMatch = None
) -> ReviewView:
    """Say it otherwise. The review is looked at anew, and the votes on its old words are gone."""
    command = EditReview(review_id=review_id, words=body.words, if_version=if_match)
    answer: ReviewView = await dispatch(command, call)
    return answer
