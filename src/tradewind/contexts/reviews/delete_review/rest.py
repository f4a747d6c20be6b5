"""DELETE /api/v1/reviews/{review_id}."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, delete
from tradewind.contexts.reviews._store.reviews import NoSuchReview
from tradewind.contexts.reviews.delete_review.command import DeleteReview


@delete("/api/v1/reviews/{review_id}", raises=(NoSuchReview,))
async def delete_review(review_id: UUID, call: Call, dispatch: Dispatch) -> None:
    """Take your review back; a moderator may take anybody's."""
    await dispatch(DeleteReview(review_id=review_id), call)
