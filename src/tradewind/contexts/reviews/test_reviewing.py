"""Who may review what, when others see it, and what it adds up to."""

import asyncio
from decimal import Decimal
from uuid import UUID

import pytest

from tests.builders import a_product, an_ended_order
from tests.shops import Shop, a_call, until
from tradewind.contexts.reviews._domain.review import Words
from tradewind.contexts.reviews._domain.views import ReviewView
from tradewind.contexts.reviews._projections.purchases import purchases
from tradewind.contexts.reviews._store.reviews import AlreadyReviewed, NoSuchProduct
from tradewind.contexts.reviews.delete_review.command import DeleteReview
from tradewind.contexts.reviews.edit_review.command import EditReview
from tradewind.contexts.reviews.get_review.query import GetReview
from tradewind.contexts.reviews.list_reviews.query import ListReviews
from tradewind.contexts.reviews.moderate_review.command import ModerateReview
from tradewind.contexts.reviews.write_review.command import WriteReview, write_review
from tradewind.contracts.orders import OrderClaimed, OrderedItem, OrderPaid, OrderPlaced
from tradewind.kernel.clock import now
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.ids import new_id
from tradewind.runtime.call import internal_call

MODERATOR = a_call("merchandiser")


async def known_product(shop: Shop, sku: str = "BOOK") -> UUID:
    """A product that reviews has heard of."""
    await a_product(shop, sku)
    product_id: UUID = await shop.db.pool.fetchval("SELECT id FROM catalog.products WHERE sku = $1", sku)

    async def heard() -> bool:
        sql = "SELECT EXISTS (SELECT FROM reviews.product WHERE product_id = $1)"
        return bool(await shop.db.pool.fetchval(sql, product_id))

    await until(shop, heard)
    return product_id


async def write(
    shop: Shop, product_id: UUID, stars: int = 5, *, subject: str | None = None, body: str = ""
) -> ReviewView:
    command = WriteReview(product_id=product_id, words=Words(stars=stars, body=body))
    answer: ReviewView = await shop.dispatch(command, a_call(subject=subject))
    return answer


async def rated(shop: Shop, product_id: UUID, count: int, total: int) -> None:
    async def look() -> bool:
        row = await shop.db.pool.fetchrow("SELECT count, total FROM reviews.rating WHERE product_id = $1", product_id)
        return row is not None and (row["count"], row["total"]) == (count, total)

    await until(shop, look)


async def buyer_of(shop: Shop, sku: str) -> str:
    """Somebody who has paid for it, as far as reviews knows."""
    order_id = await an_ended_order(shop, sku, qty=1)

    async def look() -> str | None:
        sql = "SELECT user_id FROM reviews.purchase WHERE order_id = $1 AND paid"
        found: str | None = await shop.db.pool.fetchval(sql, order_id)
        return found

    buyer: str = await until(shop, look)
    return buyer


async def test_what_is_not_sold_here_cannot_be_reviewed(shop: Shop) -> None:
    with pytest.raises(NoSuchProduct):
        await write(shop, new_id())
    assert await shop.db.pool.fetchval("SELECT count(*) FROM reviews.review") == 0


async def test_a_guest_may_not_review_anything(working_shop: Shop) -> None:
    product_id = await known_product(working_shop)
    with pytest.raises(Forbidden):
        await working_shop.dispatch(WriteReview(product_id=product_id, words=Words(stars=1)), a_call("guest"))
    assert await working_shop.db.pool.fetchval("SELECT count(*) FROM reviews.review") == 0


async def test_one_buyer_at_ten_devices_has_one_review(working_shop: Shop) -> None:
    product_id = await known_product(working_shop)
    outcomes = await asyncio.gather(
        *(write(working_shop, product_id, subject="ann") for _ in range(10)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in outcomes) == [*["AlreadyReviewed"] * 9, "ReviewView"]
    with pytest.raises(AlreadyReviewed):
        await write(working_shop, product_id, 1, subject="ann")
    assert await working_shop.db.pool.fetchval("SELECT count(*) FROM reviews.review") == 1


async def test_a_buyers_review_is_published_at_once_and_a_strangers_waits(working_shop: Shop) -> None:
    product_id = await known_product(working_shop)
    ann = await buyer_of(working_shop, "BOOK")
    bought, not_bought = await write(working_shop, product_id, 5, subject=ann), await write(working_shop, product_id, 1)
    assert (bought.verified, bought.status) == (True, "PUBLISHED")
    assert (not_bought.verified, not_bought.status) == (False, "PENDING")
    await rated(working_shop, product_id, 1, 5)


def paid_order(product_id: UUID, user_id: str) -> tuple[OrderPlaced, OrderPaid]:
    placed = OrderPlaced(
        order_id=new_id(), user_id=user_id, total_amount=Decimal(1), currency="EUR", shipping_amount=Decimal(0),
        tax_amount=Decimal(0), discount_amount=Decimal(0), placed_at=now(),
        items=(OrderedItem(product_id, "BOOK", 1, Decimal(1)),),
    )  # fmt: skip
    return placed, OrderPaid(order_id=placed.order_id, total_amount=Decimal(1), currency="EUR")


async def hear(shop: Shop, *events: OrderPlaced | OrderPaid | OrderClaimed) -> None:
    async with shop.db.transaction(internal_call("test")) as tx:
        await purchases.react(events, tx)


async def published(shop: Shop, review_id: UUID) -> bool:
    seen: ReviewView = await shop.dispatch(GetReview(review_id=review_id), MODERATOR)
    return (seen.verified, seen.status) == (True, "PUBLISHED")


async def test_who_reviews_before_the_payment_is_heard_of_is_a_verified_buyer_all_the_same(working_shop: Shop) -> None:
    product_id = await known_product(working_shop)
    review = await write(working_shop, product_id, 4, subject="ann")
    assert (review.verified, review.status) == (False, "PENDING")
    order = paid_order(product_id, "ann")
    for _ in range(2):
        await hear(working_shop, *order)
    await rated(working_shop, product_id, 1, 4)
    assert await published(working_shop, review.id)


async def test_who_reviews_before_they_claim_what_they_bought_as_a_guest_is_verified(working_shop: Shop) -> None:
    product_id = await known_product(working_shop)
    placed, paid = paid_order(product_id, "a-guest")
    await hear(working_shop, placed, paid)
    review = await write(working_shop, product_id, 4, subject="ann")
    assert not review.verified
    await hear(working_shop, OrderClaimed(order_id=placed.order_id, user_id="ann"))
    assert await published(working_shop, review.id)


async def waits_for_the_other(shop: Shop) -> None:
    sql = """
        SELECT EXISTS (SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = database
                       WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted)
    """

    async def look() -> bool:
        return bool(await shop.db.pool.fetchval(sql))

    await until(shop, look)


async def test_a_review_written_while_its_payment_is_being_heard_of_sees_the_payment(working_shop: Shop) -> None:
    product_id = await known_product(working_shop)
    async with working_shop.db.transaction(internal_call("test")) as tx:
        await purchases.react(paid_order(product_id, "ann"), tx)
        writing = asyncio.create_task(write(working_shop, product_id, 4, subject="ann"))
        await waits_for_the_other(working_shop)
    review = await writing
    assert (review.verified, review.status) == (True, "PUBLISHED")


async def test_a_payment_heard_of_while_its_review_is_being_written_sees_the_review(working_shop: Shop) -> None:
    product_id = await known_product(working_shop)
    command = WriteReview(product_id=product_id, words=Words(stars=4))
    async with working_shop.db.transaction(a_call(subject="ann")) as tx:
        review = await write_review(command, tx)
        hearing = asyncio.create_task(hear(working_shop, *paid_order(product_id, "ann")))
        await waits_for_the_other(working_shop)
    await hearing
    assert not review.verified
    assert await published(working_shop, review.id)


async def test_a_buyers_review_that_advertises_waits_all_the_same(working_shop: Shop) -> None:
    product_id = await known_product(working_shop)
    ann = await buyer_of(working_shop, "BOOK")
    review = await write(working_shop, product_id, subject=ann, body="Cheaper at www.elsewhere.example")
    assert (review.verified, review.status) == (True, "PENDING")


async def test_the_rating_follows_what_is_let_through_edited_and_deleted(working_shop: Shop) -> None:
    product_id = await known_product(working_shop)
    one = await write(working_shop, product_id, 5, subject="one")
    two = await write(working_shop, product_id, 2, subject="two")
    for review in (one, two):
        await working_shop.dispatch(ModerateReview(review_id=review.id, accepted=True), MODERATOR)
    await rated(working_shop, product_id, 2, 7)
    page = await working_shop.dispatch(ListReviews(product_id=product_id), a_call("guest"))
    assert (page.average, page.count, page.stars) == (Decimal("3.50"), 2, (0, 1, 0, 0, 1))
    await working_shop.dispatch(EditReview(review_id=one.id, words=Words(stars=4)), a_call(subject="one"))
    await rated(working_shop, product_id, 1, 2)
    await working_shop.dispatch(ModerateReview(review_id=one.id, accepted=True), MODERATOR)
    await rated(working_shop, product_id, 2, 6)
    await working_shop.dispatch(DeleteReview(review_id=two.id), a_call(subject="two"))
    await rated(working_shop, product_id, 1, 4)
    told = await working_shop.db.pool.fetch(
        "SELECT payload FROM runtime.outbox WHERE type = 'ecommerce.rating.rating.changed.v1' ORDER BY position"
    )
    assert '"average": 4' in told[-1]["payload"]
