"""Answer a review in the name of the shop; a second answer takes the place of the first."""

from uuid import UUID

from tradewind.contexts.reviews._domain.views import ReviewView, view
from tradewind.contexts.reviews._store import reviews
from tradewind.contracts.messages import Command
from tradewind.kernel.clock import now
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class ReplyToReview(Command, frozen=True):
    """What the shop says to it."""

    review_id: UUID
    text: str


@handler(action="reviews.reply")
async def reply_to_review(command: ReplyToReview, tx: Tx) -> ReviewView:
    """Only where others see the review."""
    review = await reviews.lock(tx, command.review_id)
    stored = await reviews.write(tx, review.answer(command.text, now()))
    tx.audit("reviews.reply", str(review.id))
    return view(stored)
