"""A review and what may be done with it: pure. Whoever writes or edits returns the review with what is told of it."""

import re
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from tradewind.contracts.messages import Event
from tradewind.contracts.reviews import ReviewCreated, ReviewDeleted, ReviewEdited, ReviewModerated
from tradewind.kernel.errors import Conflict

MAX_TITLE: Final = 150
MAX_BODY: Final = 5_000
MAX_NAME: Final = 60
_LINK: Final = re.compile(
    r"(?i)\b(?:https?:|www\.)|\b[\w-]+\.(?:com|net|org|info|shop|xyz|ru|cn)\b|[\w.+-]+@[\w-]+\.\w"
)
"""Links and addresses: what reviews are misused for; a person looks at those first."""


class Status(StrEnum):
    """Whether others see it."""

    PENDING = "PENDING"
    PUBLISHED = "PUBLISHED"
    REJECTED = "REJECTED"


class OwnReview(Conflict):
    """Nobody votes on their own review."""


class NotPublished(Conflict):
    """Only a review that others see can be voted on or replied to."""


class Words(Struct, frozen=True, kw_only=True):
    """What a reviewer says."""

    stars: int
    title: str = ""
    body: str = ""
    display_name: str = ""

    @property
    def suspicious(self) -> bool:
        """Whether somebody should look at it first."""
        return any(_LINK.search(text) for text in (self.title, self.body, self.display_name))


class Review(Struct, frozen=True, kw_only=True):
    """What one buyer says of one product."""

    id: UUID
    product_id: UUID
    user_id: str
    words: Words
    verified: bool
    status: Status = Status.PENDING
    why: str | None = None
    version: int = 1
    helpful: int = 0
    unhelpful: int = 0
    reply: str | None = None
    replied_at: datetime | None = None
    written_at: datetime | None = None
    edited_at: datetime | None = None

    def write(self) -> "tuple[Review, list[Event]]":
        """It is new. A verified buyer's is published at once, unless it looks like advertising."""
        created = ReviewCreated(product_id=self.product_id, review_id=self.id, stars=self.words.stars)
        review, told = self._screened()
        return review, [created, *told]

    def edit(self, words: Words) -> "tuple[Review, list[Event]]":
        """Other words; they are looked at anew, and what was voted on the old ones does not count for them."""
        edited = ReviewEdited(product_id=self.product_id, review_id=self.id, stars=words.stars)
        changed = replace(
            self, words=words, status=Status.PENDING, why=None, version=self.version + 1, helpful=0, unhelpful=0
        )
        review, told = changed._screened()
        return review, [edited, *told]

    def verify(self) -> "tuple[Review, list[Event]]":
        """Its author turns out to have bought the product: what waited only for that is published."""
        verified = replace(self, verified=True)
        return verified._screened() if self.status is Status.PENDING else (verified, [])

    def moderate(self, *, accepted: bool, why: str | None) -> "tuple[Review, list[Event]]":
        """A moderator's word; the same word twice changes nothing."""
        status = Status.PUBLISHED if accepted else Status.REJECTED
        if status is self.status:
            return self, []
        told = ReviewModerated(product_id=self.product_id, review_id=self.id, accepted=accepted)
        return replace(self, status=status, why=why, version=self.version + 1), [told]

    def answer(self, text: str, at: datetime) -> "Review":
        """The shop's reply, in place of an earlier one. Refuses (NotPublished) where nobody would see it."""
        if self.status is not Status.PUBLISHED:
            raise NotPublished(status=self.status.value)
        return replace(self, reply=text, replied_at=at, version=self.version + 1)

    def delete(self) -> ReviewDeleted:
        """It is gone."""
        return ReviewDeleted(product_id=self.product_id, review_id=self.id)

    def may_be_voted_on_by(self, user_id: str) -> None:
        """Refuse (OwnReview, NotPublished) votes that would not count."""
        if user_id == self.user_id:
            raise OwnReview(reviewId=str(self.id))
        if self.status is not Status.PUBLISHED:
            raise NotPublished(status=self.status.value)

    def _screened(self) -> "tuple[Review, list[Event]]":
        if not self.verified or self.words.suspicious:
            return self, []
        told = ReviewModerated(product_id=self.product_id, review_id=self.id, accepted=True)
        return replace(self, status=Status.PUBLISHED), [told]
