"""What reviews tells."""

from typing import ClassVar
from uuid import UUID

from tradewind.contracts.messages import Event


class _ReviewEvent(Event, frozen=True):
    """What every review event says."""

    KEY: ClassVar[str] = "product_id"
    product_id: UUID
    review_id: UUID


class ReviewCreated(_ReviewEvent, frozen=True):
    """A buyer gave stars."""

    TYPE = "ecommerce.rating.review.created.v1"
    stars: int


class ReviewModerated(_ReviewEvent, frozen=True):
    """A review was let through or held back."""

    TYPE = "ecommerce.rating.review.moderated.v1"
    accepted: bool


class ReviewDeleted(_ReviewEvent, frozen=True):
    """A review is gone."""

    TYPE = "ecommerce.rating.review.deleted.v1"
