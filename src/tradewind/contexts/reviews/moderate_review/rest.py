"""POST /api/v1/reviews/{review_id}/moderation."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, IfMatch, post
from tradewind.contexts.reviews._domain.views import ReviewView
from tradewind.contexts.reviews._store.reviews import NoSuchReview
from tradewind.contexts.reviews.moderate_review.command import ModerateReview
from tradewind.kernel.versions import Outdated


class Moderation(Body, frozen=True):
    """Whether it is let through; a review that is held back deserves a reason."""

    accepted: bool
    why: Annotated[str, Meta(min_length=1, max_length=200)] | None = None


@post("/api/v1/reviews/{review_id}/moderation", status=200, raises=(NoSuchReview, Outdated))
async def moderate_review(
    review_id: UUID, body: Moderation, call: Call, dispatch: Dispatch, if_match: IfMatch = None
) -> ReviewView:
    """Let a review through, or hold it back. With If-Match only the words that you have read are judged."""
    command = ModerateReview(review_id=review_id, accepted=body.accepted, why=body.why, if_version=if_match)
    answer: ReviewView = await dispatch(command, call)
    return answer
