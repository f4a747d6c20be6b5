"""The reviews context's table of contents."""

from pathlib import Path

from tradewind.contexts.reviews._domain.review import Words
from tradewind.contexts.reviews._projections.purchases import purchases
from tradewind.contexts.reviews._projections.rating import rating
from tradewind.contexts.reviews.delete_review import rest as delete_review_rest
from tradewind.contexts.reviews.delete_review.command import DeleteReview, delete_review
from tradewind.contexts.reviews.edit_review import rest as edit_review_rest
from tradewind.contexts.reviews.edit_review.command import EditReview, edit_review
from tradewind.contexts.reviews.get_review import rest as get_review_rest
from tradewind.contexts.reviews.get_review.query import get_review
from tradewind.contexts.reviews.list_moderation_queue import rest as list_moderation_queue_rest
from tradewind.contexts.reviews.list_moderation_queue.query import list_moderation_queue
from tradewind.contexts.reviews.list_reviews import rest as list_reviews_rest
from tradewind.contexts.reviews.list_reviews.query import ListReviews, list_reviews
from tradewind.contexts.reviews.moderate_review import rest as moderate_review_rest
from tradewind.contexts.reviews.moderate_review.command import ModerateReview, moderate_review
from tradewind.contexts.reviews.personal_data import ReviewsOfPerson
from tradewind.contexts.reviews.reply_to_review import rest as reply_to_review_rest
from tradewind.contexts.reviews.reply_to_review.command import reply_to_review
from tradewind.contexts.reviews.vote_on_review import rest as vote_on_review_rest
from tradewind.contexts.reviews.vote_on_review.command import VoteOnReview, vote_on_review
from tradewind.contexts.reviews.write_review import rest as write_review_rest
from tradewind.contexts.reviews.write_review.command import WriteReview, write_review
from tradewind.runtime.manifest import Manifest

__all__ = [
    "MANIFEST",
    "DeleteReview",
    "EditReview",
    "ListReviews",
    "ModerateReview",
    "VoteOnReview",
    "Words",
    "WriteReview",
]

MANIFEST = Manifest(
    name="reviews",
    migrations=Path(__file__).parent / "migrations",
    handlers=(
        write_review,
        edit_review,
        delete_review,
        vote_on_review,
        moderate_review,
        reply_to_review,
        get_review,
        list_reviews,
        list_moderation_queue,
    ),
    routes=(
        write_review_rest.write_review,
        edit_review_rest.edit_review,
        delete_review_rest.delete_review,
        vote_on_review_rest.vote_on_review,
        vote_on_review_rest.take_vote_back,
        moderate_review_rest.moderate_review,
        reply_to_review_rest.reply_to_review,
        get_review_rest.get_review,
        list_reviews_rest.list_reviews,
        list_moderation_queue_rest.list_moderation_queue,
    ),
    subscribers=(purchases, rating),
    personal_data=ReviewsOfPerson(),
)
