"""Coupons that are used too often or kept for nothing, and prices that are not what was told."""

from tests.audit.plants.plant import BOOKS, BOUGHT, COUPONS, PRICES, TOLD, USES, Plant

UNGUARDED = "ALTER TABLE pricing.product_price_history DROP CONSTRAINT follows_the_one_before; "
PUBLISHED = "WHERE action = 'pricing.publish_price_book' AND facts->>'number' = '1'"
AGAIN = (
    "INSERT INTO pricing.redemption (order_id, code, promotion_id, customer_id) "
    "SELECT gen_random_uuid(), code, promotion_id, customer_id FROM pricing.redemption "
)

OF_OFFERS = (
    Plant(
        "a use that no order holds",
        "UPDATE pricing.coupon SET uses = uses + 1 WHERE code = 'TEN'",
        (COUPONS,),
        "code TEN: counted are 2 uses, but orders hold 1",
    ),
    Plant("a batch that counts too little", "UPDATE pricing.coupon_batch SET uses = 0", (COUPONS,), "batch "),
    Plant(
        "a promotion that counts too much", "UPDATE pricing.promotion SET uses = 3", (COUPONS,), "counted are 3 uses"
    ),
    Plant(
        "a code that was overused",
        "UPDATE pricing.coupon SET max_uses = 1 WHERE code = 'TEN'; "
        "UPDATE pricing.redemption SET returned_at = NULL, code = 'TEN' WHERE order_id = '{off}'; "
        "UPDATE pricing.coupon SET uses = uses + 1 WHERE code = 'TEN'; "
        "UPDATE pricing.promotion SET uses = uses + 1",
        (COUPONS, USES, BOUGHT),
        "code TEN: 2 uses, 1 are allowed, one customer used it 2 times, 1 are allowed",
    ),
    Plant(
        "a promotion that was overused",
        "UPDATE pricing.promotion SET max_uses = 1",
        (COUPONS,),
        "2 uses, 1 are allowed",
    ),
    Plant(
        "a batch that was overused",
        "UPDATE pricing.coupon_batch SET max_uses = 1, uses = 2; "
        "UPDATE pricing.coupon SET batch_id = (SELECT id FROM pricing.coupon_batch)",
        (COUPONS,),
        "2 uses, 1 are allowed",
    ),
    Plant(
        "a use that was not given back",
        "UPDATE pricing.redemption SET returned_at = NULL WHERE order_id = '{off}'; "
        "UPDATE pricing.coupon SET uses = uses + 1 WHERE code = (SELECT code FROM pricing.redemption "
        "WHERE order_id = '{off}'); UPDATE pricing.coupon_batch SET uses = uses + 1; "
        "UPDATE pricing.promotion SET uses = uses + 1",
        (USES,),
        "the order is CANCELED, but its use was not given back",
    ),
    Plant(
        "a use that was given back for nothing",
        "UPDATE pricing.redemption SET returned_at = now() WHERE order_id = '{coupon}'; "
        "UPDATE pricing.coupon SET uses = 0 WHERE code = 'TEN'; UPDATE pricing.promotion SET uses = uses - 1",
        (USES,),
        "but its use was given back",
    ),
    Plant(
        "a use of nobody's order",
        "UPDATE pricing.redemption SET order_id = gen_random_uuid() WHERE order_id = '{coupon}'",
        (USES, BOUGHT),
        "there is no such order",
    ),
    Plant(
        "a use that somebody else is said to have had",
        "UPDATE pricing.redemption SET customer_id = 'thief' WHERE order_id = '{coupon}'",
        (USES,),
        "the use is of customer thief, the order of eve",
    ),
    Plant(
        "a price that is over before the next begins",
        UNGUARDED + "UPDATE pricing.product_price_history SET valid_to = valid_to - interval '1 microsecond' "
        "WHERE sku = 'ROPE' AND follows IS NULL",
        (PRICES,),
        "leaves a gap",
    ),
    Plant(
        "two prices at one time",
        UNGUARDED + "UPDATE pricing.product_price_history SET valid_to = valid_to + interval '1 microsecond' "
        "WHERE sku = 'ROPE' AND follows IS NULL",
        (PRICES,),
        "overlaps",
    ),
    Plant(
        "a price in no chain",
        UNGUARDED + "ALTER TABLE pricing.product_price_history DROP CONSTRAINT one_first_price; "
        "UPDATE pricing.product_price_history SET follows = NULL WHERE sku = 'ROPE'",
        (PRICES,),
        "does not follow the one before it",
    ),
    Plant(
        "a product that costs nothing any more",
        "UPDATE pricing.product_price_history SET valid_to = now() WHERE sku = 'TENT'",
        (PRICES, TOLD),
        "and no other follows",
    ),
    Plant(
        "a price that was changed in silence",
        "UPDATE pricing.product_price_history SET amount_minor = 1 WHERE sku = 'ROPE' AND valid_to IS NULL",
        (TOLD,),
        "SKU ROPE: costs 1 EUR, but 1300 EUR was told",
    ),
    Plant(
        "an override that ended in silence",
        "UPDATE pricing.price_override SET ended_at = now() WHERE sku = 'TENT'",
        (TOLD,),
        "SKU TENT: costs 1250 EUR, but 800 EUR was told",
    ),
    Plant(
        "a published price that was changed",
        "UPDATE pricing.price_book_entry SET amount_minor = 1 WHERE number = 2",
        (TOLD,),
        "SKU LAMP: costs 1 EUR, but 900 EUR was told",
    ),
    Plant(
        "a price that was told wrongly",
        "UPDATE runtime.outbox SET payload = jsonb_set(payload, '{{amount}}', '7.77') "
        "WHERE type = 'ecommerce.pricing.price.changed.v1' AND payload->>'sku' = 'TENT'",
        (TOLD,),
        "told last was 777 EUR, noted as told is 800 EUR",
    ),
    Plant(
        "a price that was never told",
        "DELETE FROM runtime.outbox WHERE type = 'ecommerce.pricing.price.changed.v1' AND payload->>'sku' = 'ROPE'",
        (TOLD,),
        "but no price was told",
    ),
    Plant(
        "a price of what costs nothing",
        "INSERT INTO pricing.told_price VALUES ('GHOST', gen_random_uuid(), 1, 'EUR', now())",
        (TOLD,),
        "a price was told, but none counts",
    ),
    Plant(
        "a book that was published by nobody",
        "DELETE FROM runtime.audit_entry " + PUBLISHED,
        (BOOKS,),
        "was published 0 times, says the trail",
    ),
    Plant(
        "a book that was changed after it was published",
        "INSERT INTO runtime.audit_entry (actor, action, subject, correlation_id, facts) SELECT actor, "
        "'pricing.enter_prices', subject, 'c', facts FROM runtime.audit_entry " + PUBLISHED,
        (BOOKS,),
        "was changed after it was published",
    ),
    Plant(
        "a book whose older version counts",
        "UPDATE pricing.price_book_version SET state = 'RETIRED', retired_at = now() WHERE number = 2; "
        "UPDATE pricing.price_book_version SET state = 'ACTIVE', retired_at = NULL WHERE number = 1",
        (BOOKS, TOLD),
        "though another version was published last",
    ),
    Plant(
        "a book that is empty",
        "DELETE FROM pricing.price_book_entry WHERE number = 1",
        (BOOKS,),
        "but holds no price",
    ),
)
