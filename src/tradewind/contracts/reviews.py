"""What reviews tells."""

from decimal import Decimal
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


class ReviewEdited(_ReviewEvent, frozen=True):
    """A buyer thinks otherwise now; until the review is moderated anew nobody sees it."""

    TYPE = "ecommerce.rating.review.edited.v1"
    stars: int


class ReviewModerated(_ReviewEvent, frozen=True):
    """A review was let through or held back."""

    TYPE = "ecommerce.rating.review.moderated.v1"
    accepted: bool


class ReviewDeleted(_ReviewEvent, frozen=True):
    """A review is gone."""

    TYPE = "ecommerce.rating.review.deleted.v1"


class RatingChanged(Event, frozen=True):
    """What the published reviews of a product add up to. `average` of 1 to 5 has two digits; it is 0 of none."""

    TYPE = "ecommerce.rating.rating.changed.v1"
    KEY: ClassVar[str] = "product_id"
    product_id: UUID
    average: Decimal
    count: int
