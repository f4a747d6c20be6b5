"""Take a review back: its author, or a moderator."""

from uuid import UUID

from tradewind.contexts.reviews._store import reviews
from tradewind.contexts.reviews._store.reviews import NoSuchReview
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class DeleteReview(Command, frozen=True):
    """It shall not be there any more."""

    review_id: UUID


@handler(action="reviews.delete")
async def delete_review(command: DeleteReview, tx: Tx) -> None:
    """Its votes go with it, and it counts no longer."""
    review = await reviews.lock(tx, command.review_id)
    if not tx.allows("reviews.delete", owner=review.user_id == tx.call.actor.subject):
        raise NoSuchReview(reviewId=str(review.id))
    await tx.run(reviews.DELETE, review.id)
    tx.tell(review.delete())
    tx.audit("reviews.delete", str(review.id))
