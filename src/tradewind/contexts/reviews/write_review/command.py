"""Write a review: once a buyer and product."""

from uuid import UUID

from tradewind.contexts.reviews._domain.review import Review, Words
from tradewind.contexts.reviews._domain.views import ReviewView, view
from tradewind.contexts.reviews._store import reviews
from tradewind.contracts.messages import Command
from tradewind.kernel.ids import new_id
from tradewind.ports.flags import REVIEWS
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler
from tradewind.runtime.switches import Switch


class WriteReview(Command, frozen=True):
    """Somebody has something to say of a product."""

    product_id: UUID
    words: Words


@handler(action="reviews.write", switch=Switch(REVIEWS))
async def write_review(command: WriteReview, tx: Tx) -> ReviewView:
    """Published at once where its author has bought the product here; otherwise a moderator looks at it first."""
    await reviews.known(tx, command.product_id)
    user_id = tx.call.actor.subject
    await reviews.hold(tx, [user_id])
    verified = await reviews.bought(tx, user_id, command.product_id)
    blank = Review(
        id=new_id(), product_id=command.product_id, user_id=user_id, words=command.words, verified=verified
    )  # fmt: skip
    review, told = blank.write()
    stored = await reviews.insert(tx, review)
    tx.tell(*told)
    tx.audit("reviews.write", str(review.id), verified=verified, status=review.status.value)
    return view(stored)
