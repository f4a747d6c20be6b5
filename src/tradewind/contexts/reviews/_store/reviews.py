"""The SQL of reviews.review and its votes."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from tradewind.contexts.reviews._domain.review import Review, Status, Words
from tradewind.kernel.errors import Conflict, NotFound
from tradewind.runtime.database import Tx

KNOWN: Final = "SELECT on_sale FROM reviews.product WHERE product_id = $1"
BOUGHT: Final = "SELECT EXISTS (SELECT FROM reviews.purchase WHERE user_id = $1 AND product_id = $2 AND paid)"
INSERT: Final = """
    INSERT INTO reviews.review (id, product_id, user_id, stars, title, body, display_name, verified, status, version)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    ON CONFLICT ON CONSTRAINT one_review_a_buyer_and_product DO NOTHING RETURNING *
"""
STRIPES: Final = 64
"""How many locks a transaction takes at most, however many buyers it holds."""
HOLD: Final = """
    SELECT pg_advisory_xact_lock(hashtext('reviews.buyers'), stripe)
    FROM (SELECT DISTINCT hashtext(user_id) & ($2 - 1) AS stripe FROM unnest($1::text[]) AS u (user_id) ORDER BY 1) AS s
"""
READ: Final = "SELECT * FROM reviews.review WHERE id = $1"
LOCK: Final = "SELECT * FROM reviews.review WHERE id = $1 FOR UPDATE"
MINE: Final = "SELECT * FROM reviews.review WHERE user_id = $1 ORDER BY id"
WRITE: Final = """
    UPDATE reviews.review SET stars = $2, title = $3, body = $4, display_name = $5, status = $6, why = $7,
           version = $8, reply = $9, replied_at = $10, helpful = $11, unhelpful = $12, verified = $14,
           edited_at = CASE WHEN $13 THEN now() ELSE edited_at END
    WHERE id = $1 RETURNING *
"""
UNVERIFIED: Final = """
    SELECT r.* FROM reviews.review AS r JOIN unnest($1::text[], $2::uuid[]) AS b (user_id, product_id)
        ON r.user_id = b.user_id AND r.product_id = b.product_id
    WHERE NOT r.verified ORDER BY r.id FOR UPDATE OF r
"""
DELETE: Final = "DELETE FROM reviews.review WHERE id = $1"
FORGET_VOTES: Final = "DELETE FROM reviews.helpful_vote WHERE review_id = $1"
VOTE: Final = """
    INSERT INTO reviews.helpful_vote (review_id, user_id, helpful) VALUES ($1, $2, $3)
    ON CONFLICT (review_id, user_id) DO UPDATE SET helpful = EXCLUDED.helpful
"""
UNVOTE: Final = "DELETE FROM reviews.helpful_vote WHERE review_id = $1 AND user_id = $2"
COUNT_VOTES: Final = """
    UPDATE reviews.review AS r SET helpful = v.yes, unhelpful = v.no
    FROM (SELECT count(*) FILTER (WHERE helpful) AS yes, count(*) FILTER (WHERE NOT helpful) AS no
          FROM reviews.helpful_vote WHERE review_id = $1) AS v
    WHERE r.id = $1 RETURNING r.*
"""
VOTES_OF: Final = "SELECT review_id FROM reviews.helpful_vote WHERE user_id = $1 ORDER BY review_id"
FORGET_VOTER: Final = "UPDATE reviews.helpful_vote SET user_id = 'gone-' || gen_random_uuid() WHERE user_id = $1"
FORGET_PURCHASES: Final = "DELETE FROM reviews.purchase WHERE user_id = $1"


class NoSuchReview(NotFound):
    """There is no such review, or none that you may see."""


class NoSuchProduct(NotFound):
    """There is no such product to review."""


class AlreadyReviewed(Conflict):
    """You have reviewed this product. `reviewId` is the review, which you may edit."""


async def known(tx: Tx, product_id: UUID) -> None:
    """Refuse (NoSuchProduct) what is not, or no longer, sold here."""
    if not await tx.value(KNOWN, product_id):
        raise NoSuchProduct(productId=str(product_id))


async def hold(tx: Tx, user_ids: Sequence[str]) -> None:
    """Until the transaction ends, what these users write and what they have paid for is seen in turn.

    Else a review written while its payment is being heard of misses the payment, is missed by it, and waits for ever.
    """
    await tx.all(HOLD, user_ids, STRIPES)


async def bought(tx: Tx, user_id: str, product_id: UUID) -> bool:
    """Whether this user has paid for this product."""
    return bool(await tx.value(BOUGHT, user_id, product_id))


async def insert(tx: Tx, review: Review) -> Review:
    """Write a new one; refuses (AlreadyReviewed) a second one by the same buyer, however close behind."""
    words = review.words
    row = await tx.row(
        INSERT, review.id, review.product_id, review.user_id, words.stars, words.title, words.body,
        words.display_name, review.verified, review.status.value, review.version,
    )  # fmt: skip
    if row is None:
        raise AlreadyReviewed(productId=str(review.product_id))
    return of(row)


async def read(tx: Tx, review_id: UUID) -> Review:
    """One review; refuses (NoSuchReview)."""
    return _found(await tx.row(READ, review_id), review_id)


async def lock(tx: Tx, review_id: UUID) -> Review:
    """One review that nobody else changes until the transaction ends; refuses (NoSuchReview)."""
    return _found(await tx.row(LOCK, review_id), review_id)


def _found(row: Any, review_id: UUID) -> Review:
    if row is None:
        raise NoSuchReview(reviewId=str(review_id))
    return of(row)


async def write(tx: Tx, review: Review, *, edited: bool = False) -> Review:
    """Write a locked review as it is now."""
    words = review.words
    row = await tx.row(
        WRITE, review.id, words.stars, words.title, words.body, words.display_name, review.status.value, review.why,
        review.version, review.reply, review.replied_at, review.helpful, review.unhelpful, edited,
        review.verified,
    )  # fmt: skip
    assert row, "it was locked"
    return of(row)


async def unverified(tx: Tx, bought: Sequence[tuple[str, UUID]]) -> Sequence[Review]:
    """The reviews, locked, of these users of these products that do not say yet that they were bought here."""
    users, products = [user for user, _ in bought], [product for _, product in bought]
    return [of(row) for row in await tx.all(UNVERIFIED, users, products)]


async def written_by(tx: Tx, user_id: str) -> Sequence[Review]:
    """Everything that one user wrote."""
    return [of(row) for row in await tx.all(MINE, user_id)]


def of(row: Any) -> Review:
    """The review that a row is."""
    return Review(
        id=row["id"],
        product_id=row["product_id"],
        user_id=row["user_id"],
        words=Words(stars=row["stars"], title=row["title"], body=row["body"], display_name=row["display_name"]),
        verified=row["verified"],
        status=Status(row["status"]),
        why=row["why"],
        version=row["version"],
        helpful=row["helpful"],
        unhelpful=row["unhelpful"],
        reply=row["reply"],
        replied_at=row["replied_at"],
        written_at=row["written_at"],
        edited_at=row["edited_at"],
    )
