"""Reviews and ratings that nobody gave, and what the shop thinks it has learned."""

from tests.audit.plants.plant import LEARNED, RATINGS, REVIEWS, Plant

OF_OPINIONS = (
    Plant(
        "a star too many",
        "UPDATE reviews.review SET stars = 5 WHERE id = '{review_of_critic}'",
        (REVIEWS,),
        "gives 5 stars, the events say 2",
    ),
    Plant(
        "a review that nobody let through",
        "UPDATE reviews.review SET status = 'PUBLISHED' WHERE id = '{review_of_spammer}'",
        (REVIEWS,),
        "is PUBLISHED, the events say REJECTED",
    ),
    Plant(
        "a review of another product",
        "UPDATE reviews.review SET product_id = gen_random_uuid() WHERE id = '{review_of_critic}'",
        (REVIEWS,),
        "is of product",
    ),
    Plant(
        "a review that vanished",
        "DELETE FROM reviews.review WHERE id = '{review_of_critic}'",
        (REVIEWS,),
        "is PUBLISHED, say the events, but is gone",
    ),
    Plant(
        "a review that nobody wrote",
        "INSERT INTO reviews.review (id, product_id, user_id, stars, verified, status, version) "
        "VALUES (gen_random_uuid(), '{lamp}', 'x', 5, false, 'PENDING', 1)",
        (REVIEWS,),
        "was written 0 times",
    ),
    Plant(
        "a vote that nobody gave",
        "UPDATE reviews.review SET helpful = helpful + 1 WHERE id = '{review_of_critic}'",
        (REVIEWS,),
        "counts 3 helpful and 1 unhelpful, the votes are 2 and 1",
    ),
    Plant(
        "two reviews by one buyer",
        "ALTER TABLE reviews.review DROP CONSTRAINT one_review_a_buyer_and_product; "
        "UPDATE reviews.review SET user_id = 'buyer' WHERE id = '{review_of_critic}'",
        (REVIEWS,),
        "is one of 2 by one buyer",
    ),
    Plant(
        "a rating that was bought",
        "UPDATE reviews.rating SET total = total + 1",
        (RATINGS,),
        "rated with 7 stars by 2, what is counted adds up to 6 by 2",
    ),
    Plant(
        "a review that is counted as another",
        "UPDATE reviews.counted SET stars = 3 WHERE review_id = '{review_of_critic}'; "
        "UPDATE reviews.rating SET total = total + 1",
        (RATINGS,),
        "1 reviews are not counted as their events say",
    ),
    Plant(
        "a review that is counted though it is gone",
        "INSERT INTO reviews.counted (review_id, product_id, stars, shown) "
        "VALUES ('{review_of_waverer}', '{lamp}', 3, false)",
        (RATINGS,),
        "1 reviews are not counted",
    ),
    Plant(
        "a rating that was told wrongly",
        "UPDATE runtime.outbox SET payload = jsonb_set(payload, '{{average}}', '5.00') "
        "WHERE type = 'ecommerce.rating.rating.changed.v1'",
        (RATINGS,),
        "told last was 5.00 of 2 reviews, rated is 6 stars by 2",
    ),
    Plant(
        "a rating that was never told",
        "DELETE FROM runtime.outbox WHERE type = 'ecommerce.rating.rating.changed.v1'",
        (RATINGS,),
        "told last was",
    ),
    Plant(
        "a word that is counted twice",
        "UPDATE recommendations.frequency SET products = products + 1 WHERE term = ''",
        (LEARNED,),
        "word '': counted for 4 products, 3 have it",
    ),
    Plant(
        "a pair that nobody bought",
        "UPDATE recommendations.pair SET together = together + 1",
        (LEARNED,),
        "baskets make",
    ),
)
