"""PUT /api/v1/reviews/{review_id}/reply."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, put
from tradewind.contexts.reviews._domain.review import MAX_BODY, NotPublished
from tradewind.contexts.reviews._domain.views import ReviewView
from tradewind.contexts.reviews._store.reviews import NoSuchReview
from tradewind.contexts.reviews.reply_to_review.command import ReplyToReview


class ShopReply(Body, frozen=True):
    """What the shop says, in plain text."""

    text: Annotated[str, Meta(min_length=1, max_length=MAX_BODY)]


@put("/api/v1/reviews/{review_id}/reply", raises=(NoSuchReview, NotPublished))
async def reply_to_review(review_id: UUID, body: ShopReply, call: Call, dispatch: Dispatch) -> ReviewView:
    """Answer a review in the name of the shop; everybody sees it below the review."""
    answer: ReviewView = await dispatch(ReplyToReview(review_id=review_id, text=body.text), call)
    return answer
