"""What a review looks like: to everybody, to its author, to a moderator. Nobody is shown who wrote it."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.reviews._domain.review import Review


class ReviewView(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A review. `verified`: its author has bought the product here. Texts are plain: show them as text, not as HTML."""

    id: UUID
    product_id: UUID
    stars: int
    verified: bool
    status: str
    version: int
    written_at: datetime
    helpful: int
    unhelpful: int
    title: str = ""
    text: str = ""
    display_name: str = ""
    edited_at: datetime | None = None
    reply: str | None = None
    replied_at: datetime | None = None
    why: str | None = None


class ReviewPage(Struct, frozen=True, kw_only=True, rename="camel"):
    """Some reviews, where the next ones begin, and what all of them add up to. `stars`: how many gave 1, 2, … 5."""

    items: list[ReviewView]
    average: Decimal | None
    count: int
    stars: tuple[int, int, int, int, int]
    next: str | None


class QueuePage(Struct, frozen=True, kw_only=True, rename="camel"):
    """Reviews that wait for a moderator, the longest waiting first."""

    items: list[ReviewView]
    next: str | None


def view(review: Review) -> ReviewView:
    """What those see who may see it."""
    assert review.written_at, "only what was stored is shown"
    return ReviewView(
        id=review.id,
        product_id=review.product_id,
        stars=review.words.stars,
        verified=review.verified,
        status=review.status.value,
        version=review.version,
        written_at=review.written_at,
        helpful=review.helpful,
        unhelpful=review.unhelpful,
        title=review.words.title,
        text=review.words.body,
        display_name=review.words.display_name,
        edited_at=review.edited_at,
        reply=review.reply,
        replied_at=review.replied_at,
        why=review.why,
    )
