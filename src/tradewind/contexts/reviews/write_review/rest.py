"""POST /api/v1/products/{product_id}/reviews."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.reviews._domain.review import MAX_BODY, MAX_NAME, MAX_TITLE, Words
from tradewind.contexts.reviews._domain.views import ReviewView
from tradewind.contexts.reviews._store.reviews import AlreadyReviewed, NoSuchProduct
from tradewind.contexts.reviews.write_review.command import WriteReview
from tradewind.ports.flags import SwitchedOff


class NewReview(Body, frozen=True):
    """Stars from 1 to 5, and what one has to say. `displayName` is shown to everybody; without one, nobody is named."""

    stars: Annotated[int, Meta(ge=1, le=5)]
    title: Annotated[str, Meta(max_length=MAX_TITLE)] = ""
    text: Annotated[str, Meta(max_length=MAX_BODY)] = ""
    display_name: Annotated[str, Meta(max_length=MAX_NAME)] = ""

    @property
    def words(self) -> Words:
        """What it says."""
        return Words(
            stars=self.stars,
            title=self.title.strip(),
            body=self.text.strip(),
            display_name=self.display_name.strip(),
        )


@post("/api/v1/products/{product_id}/reviews", status=201, raises=(NoSuchProduct, AlreadyReviewed, SwitchedOff))
async def write_review(product_id: UUID, body: NewReview, call: Call, dispatch: Dispatch) -> ReviewView:
    """Review a product: once. A verified buyer's review is published at once; a moderator looks at the others first."""
    answer: ReviewView = await dispatch(WriteReview(product_id=product_id, words=body.words), call)
    return answer
