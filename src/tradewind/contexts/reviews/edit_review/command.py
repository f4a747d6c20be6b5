"""Change a review of one's own; it is looked at anew."""

from uuid import UUID

from tradewind.contexts.reviews._domain.review import Words
from tradewind.contexts.reviews._domain.views import ReviewView, view
from tradewind.contexts.reviews._store import reviews
from tradewind.contexts.reviews._store.reviews import NoSuchReview
from tradewind.contracts.messages import Command
from tradewind.kernel.versions import expect
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class EditReview(Command, frozen=True):
    """Its author thinks otherwise now. Without `if_version` whatever stands there is replaced."""

    review_id: UUID
    words: Words
    if_version: int | None = None


@handler(action="reviews.edit")
async def edit_review(command: EditReview, tx: Tx) -> ReviewView:
    """Somebody else's review is there to be read, not to be edited; one that is not published looks like none."""
    review = await reviews.lock(tx, command.review_id)
    if review.user_id != tx.call.actor.subject:
        raise NoSuchReview(reviewId=str(review.id))
    expect(command.if_version, review.version)
    edited, told = review.edit(command.words)
    await tx.run(reviews.FORGET_VOTES, review.id)
    stored = await reviews.write(tx, edited, edited=True)
    tx.tell(*told)
    tx.audit("reviews.edit", str(review.id), version=edited.version, status=edited.status.value)
    return view(stored)
