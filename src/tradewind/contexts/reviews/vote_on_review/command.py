"""Say whether a review helped: one vote each, the last one counts."""

from uuid import UUID

from tradewind.contexts.reviews._domain.review import Status
from tradewind.contexts.reviews._domain.views import ReviewView, view
from tradewind.contexts.reviews._store import reviews
from tradewind.contexts.reviews._store.reviews import NoSuchReview
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class VoteOnReview(Command, frozen=True):
    """It helped, it did not (`helpful`), or the vote is taken back (None)."""

    review_id: UUID
    helpful: bool | None


@handler(action="reviews.vote")
async def vote_on_review(command: VoteOnReview, tx: Tx) -> ReviewView:
    """The same vote twice counts once. Counted anew under the review's lock: two at once lose nothing.

    One that is not published looks like none to others.
    """
    review = await reviews.lock(tx, command.review_id)
    voter = tx.call.actor.subject
    if not (review.status is Status.PUBLISHED or review.user_id == voter or tx.allows("reviews.moderate")):
        raise NoSuchReview(reviewId=str(review.id))
    review.may_be_voted_on_by(voter)
    if command.helpful is None:
        await tx.run(reviews.UNVOTE, review.id, voter)
    else:
        await tx.run(reviews.VOTE, review.id, voter, command.helpful)
    row = await tx.row(reviews.COUNT_VOTES, review.id)
    tx.audit("reviews.vote", str(review.id), helpful=command.helpful)
    return view(reviews.of(row))
