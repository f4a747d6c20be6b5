"""One review: everybody's once it is published, its author's and a moderator's before."""

from uuid import UUID

from tradewind.contexts.reviews._domain.review import Status
from tradewind.contexts.reviews._domain.views import ReviewView, view
from tradewind.contexts.reviews._store import reviews
from tradewind.contexts.reviews._store.reviews import NoSuchReview
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query


class GetReview(Command, frozen=True):
    """See a review."""

    review_id: UUID


@query(action="reviews.get")
async def get_review(command: GetReview, tx: Tx) -> ReviewView:
    """One that is not published looks like none to others."""
    review = await reviews.read(tx, command.review_id)
    own = review.user_id == tx.call.actor.subject
    if review.status is not Status.PUBLISHED and not own and not tx.allows("reviews.moderate"):
        raise NoSuchReview(reviewId=str(review.id))
    return view(review)
