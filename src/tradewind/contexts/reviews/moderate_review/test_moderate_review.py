"""Moderators, authors and voters: each may do their own thing, and no more."""

import asyncio
from uuid import UUID

import pytest

from tests.shops import Shop, a_call
from tradewind.contexts.reviews._domain.review import NotPublished, OwnReview, Words
from tradewind.contexts.reviews._domain.views import ReviewView
from tradewind.contexts.reviews._store.reviews import NoSuchReview
from tradewind.contexts.reviews.delete_review.command import DeleteReview
from tradewind.contexts.reviews.edit_review.command import EditReview
from tradewind.contexts.reviews.get_review.query import GetReview
from tradewind.contexts.reviews.list_moderation_queue.query import ListModerationQueue
from tradewind.contexts.reviews.list_reviews.query import ListReviews
from tradewind.contexts.reviews.moderate_review.command import ModerateReview
from tradewind.contexts.reviews.reply_to_review.command import ReplyToReview
from tradewind.contexts.reviews.vote_on_review.command import VoteOnReview
from tradewind.contexts.reviews.write_review.command import WriteReview
from tradewind.contracts.privacy import Person
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.ids import new_id
from tradewind.kernel.pages import UnfitCursor
from tradewind.kernel.versions import Outdated
from tradewind.runtime.call import Call, internal_call

ANN = a_call(subject="ann")
MODERATOR = a_call("support")


async def a_review(shop: Shop, *, accepted: bool | None = None, author: Call = ANN) -> ReviewView:
    """A review of a product of its own."""
    product_id = new_id()
    await shop.db.pool.execute("INSERT INTO reviews.product (product_id) VALUES ($1)", product_id)
    words = Words(stars=3, body="It will do.", display_name="Ann")
    review: ReviewView = await shop.dispatch(WriteReview(product_id=product_id, words=words), author)
    if accepted is not None:
        review = await shop.dispatch(ModerateReview(review_id=review.id, accepted=accepted), MODERATOR)
    return review


async def stored(shop: Shop, review_id: UUID) -> tuple[str, int]:
    row = await shop.db.pool.fetchrow("SELECT status, version FROM reviews.review WHERE id = $1", review_id)
    return row["status"], row["version"]


@pytest.mark.parametrize("role", ["customer", "guest", "warehouse"])
async def test_only_moderators_moderate_reply_and_see_the_queue(shop: Shop, role: str) -> None:
    review = await a_review(shop)
    for command in (
        ModerateReview(review_id=review.id, accepted=True),
        ReplyToReview(review_id=review.id, text="Thanks"),
        ListModerationQueue(),
    ):
        with pytest.raises(Forbidden):
            await shop.dispatch(command, a_call(role))
    assert await stored(shop, review.id) == ("PENDING", 1)


async def test_somebody_elses_review_is_neither_edited_nor_deleted(shop: Shop) -> None:
    review = await a_review(shop, accepted=True)
    for command in (EditReview(review_id=review.id, words=Words(stars=1)), DeleteReview(review_id=review.id)):
        with pytest.raises(NoSuchReview):
            await shop.dispatch(command, a_call(subject="ben"))
    assert await stored(shop, review.id) == ("PUBLISHED", 2)


async def test_what_is_not_published_is_seen_by_its_author_and_moderators_alone(shop: Shop) -> None:
    review = await a_review(shop)
    assert (await shop.dispatch(GetReview(review_id=review.id), ANN)).text == "It will do."
    assert (await shop.dispatch(GetReview(review_id=review.id), MODERATOR)).id == review.id
    with pytest.raises(NoSuchReview):
        await shop.dispatch(GetReview(review_id=review.id), a_call(subject="ben"))
    page = await shop.dispatch(ListReviews(product_id=review.product_id), ANN)
    assert (page.items, page.average, page.count) == ([], None, 0)


async def test_words_that_were_edited_meanwhile_are_not_let_through_unread(shop: Shop) -> None:
    review = await a_review(shop)
    await shop.dispatch(EditReview(review_id=review.id, words=Words(stars=1, body="Fie")), ANN)
    with pytest.raises(Outdated):
        await shop.dispatch(ModerateReview(review_id=review.id, accepted=True, if_version=review.version), MODERATOR)
    assert await stored(shop, review.id) == ("PENDING", 2)


async def test_of_two_edits_of_one_version_one_is_told(shop: Shop) -> None:
    review = await a_review(shop)
    outcomes = await asyncio.gather(
        *(shop.dispatch(EditReview(review_id=review.id, words=Words(stars=n), if_version=1), ANN) for n in (1, 5)),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in outcomes) == ["Outdated", "ReviewView"]
    assert await stored(shop, review.id) == ("PENDING", 2)


async def test_fifty_votes_at_once_are_fifty_votes_and_nobody_votes_twice_or_for_themselves(shop: Shop) -> None:
    review = await a_review(shop, accepted=True)
    with pytest.raises(OwnReview):
        await shop.dispatch(VoteOnReview(review_id=review.id, helpful=True), ANN)
    voters = [a_call(subject=f"voter-{n % 50}") for n in range(100)]
    await asyncio.gather(*(shop.dispatch(VoteOnReview(review_id=review.id, helpful=True), who) for who in voters))
    changed = await shop.dispatch(VoteOnReview(review_id=review.id, helpful=False), voters[0])
    assert (changed.helpful, changed.unhelpful) == (49, 1)
    back = await shop.dispatch(VoteOnReview(review_id=review.id, helpful=None), voters[0])
    assert (back.helpful, back.unhelpful) == (49, 0)


async def test_what_others_do_not_see_is_neither_voted_on_nor_replied_to(shop: Shop) -> None:
    review = await a_review(shop, accepted=False)
    with pytest.raises(NoSuchReview):
        await shop.dispatch(VoteOnReview(review_id=review.id, helpful=True), a_call())
    with pytest.raises(NotPublished):
        await shop.dispatch(ReplyToReview(review_id=review.id, text="Thanks"), MODERATOR)


async def test_the_shops_reply_stands_below_the_review(shop: Shop) -> None:
    review = await a_review(shop, accepted=True)
    await shop.dispatch(ReplyToReview(review_id=review.id, text="Sorry to hear"), MODERATOR)
    replied = await shop.dispatch(ReplyToReview(review_id=review.id, text="Thanks"), MODERATOR)
    assert replied.reply == "Thanks"
    page = await shop.dispatch(ListReviews(product_id=review.product_id), a_call("guest"))
    assert [one.reply for one in page.items] == ["Thanks"]


async def test_pages_of_either_order_hold_each_review_once(shop: Shop) -> None:
    first = await a_review(shop, accepted=True)
    for n in range(6):
        words = Words(stars=1 + n % 5)
        command = WriteReview(product_id=first.product_id, words=words)
        review = await shop.dispatch(command, a_call(subject=f"u{n}"))
        await shop.dispatch(ModerateReview(review_id=review.id, accepted=True), MODERATOR)
        if n == 3:
            await shop.dispatch(VoteOnReview(review_id=review.id, helpful=True), ANN)
    for sort in ("newest", "helpful"):
        seen, cursor = [], None
        while True:
            command_ = ListReviews(product_id=first.product_id, sort=sort, limit=2, cursor=cursor)
            page = await shop.dispatch(command_, a_call("guest"))
            seen += page.items
            if (cursor := page.next) is None:
                break
        assert len({one.id for one in seen}) == len(seen) == 7
        if sort == "helpful":
            assert seen[0].helpful == 1
    with pytest.raises(UnfitCursor):
        await shop.dispatch(ListReviews(product_id=first.product_id, cursor="newest~x~y"), ANN)
    newest = await shop.dispatch(ListReviews(product_id=first.product_id, limit=2), ANN)
    with pytest.raises(UnfitCursor):
        await shop.dispatch(ListReviews(product_id=first.product_id, sort="helpful", cursor=newest.next), ANN)


async def test_a_person_that_goes_takes_their_reviews_along_and_leaves_nobodys_votes(shop: Shop) -> None:
    mine, other = await a_review(shop, accepted=True), await a_review(shop, accepted=True, author=a_call())
    await shop.dispatch(VoteOnReview(review_id=other.id, helpful=True), ANN)
    holder = next(one.personal_data for one in shop.contexts if one.name == "reviews")
    assert holder
    ann = Person(user_id="ann")
    async with shop.db.transaction(internal_call("test")) as tx:
        exported = await holder.export(tx, ann)
        assert [one["id"] for one in exported["reviews"]] == [str(mine.id)]
        assert exported["votedOn"] == [str(other.id)]
        await holder.erase(tx, ann)
    async with shop.db.transaction(internal_call("test")) as tx:
        assert await holder.export(tx, ann) == {}
        await holder.erase(tx, ann)
    voted = await shop.dispatch(VoteOnReview(review_id=other.id, helpful=True), a_call())
    assert voted.helpful == 2
