"""PUT and DELETE /api/v1/reviews/{review_id}/vote."""

from uuid import UUID

from tradewind.api.rest import Body, Call, Dispatch, delete, put
from tradewind.contexts.reviews._domain.review import NotPublished, OwnReview
from tradewind.contexts.reviews._domain.views import ReviewView
from tradewind.contexts.reviews._store.reviews import NoSuchReview
from tradewind.contexts.reviews.vote_on_review.command import VoteOnReview


class Vote(Body, frozen=True):
    """Whether it helped."""

    helpful: bool


@put("/api/v1/reviews/{review_id}/vote", raises=(NoSuchReview, NotPublished, OwnReview))
async def vote_on_review(review_id: UUID, body: Vote, call: Call, dispatch: Dispatch) -> ReviewView:
    """Say whether a review helped you; your last word counts."""
    answer: ReviewView = await dispatch(VoteOnReview(review_id=review_id, helpful=body.helpful), call)
    return answer


@delete("/api/v1/reviews/{review_id}/vote", raises=(NoSuchReview, NotPublished, OwnReview))
async def take_vote_back(review_id: UUID, call: Call, dispatch: Dispatch) -> None:
    """Take your vote back."""
    await dispatch(VoteOnReview(review_id=review_id, helpful=None), call)
