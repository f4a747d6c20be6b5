"""Prices: a history without gaps, told as it is, and price books that stay as they were published.

What counts in general is an override, or else a price book for everybody, or else the list price. A flash sale tells of
itself, and is not among them. An amount of an event has its currency's own number of digits: without the point it is in
minor units.
"""

from typing import Final

PRICE_HISTORY: Final = """
    WITH chained AS (
        SELECT sku, product_id, valid_from, valid_to, follows, lag(valid_to) OVER along AS ended,
               row_number() OVER along AS place, lead(valid_from) OVER along AS next,
               first_value(product_id) OVER along AS first_of,
               count(*) FILTER (WHERE valid_to IS NULL) OVER (PARTITION BY product_id) AS open
        FROM pricing.product_price_history WINDOW along AS (PARTITION BY sku ORDER BY valid_from, id)),
    judged AS (
        SELECT sku, valid_from, CASE
            WHEN place = 1 AND follows IS NOT NULL THEN 'is the first, but follows another'
            WHEN place > 1 AND ended IS NULL THEN 'begins while the one before it is still open'
            WHEN place > 1 AND valid_from > ended THEN format('leaves a gap: the one before it ended at %s', ended)
            WHEN place > 1 AND valid_from < ended THEN format('overlaps: the one before it ends at %s', ended)
            WHEN place > 1 AND follows IS DISTINCT FROM ended THEN 'does not follow the one before it'
            WHEN next IS NULL AND valid_to IS NOT NULL THEN format('ended at %s, and no other follows', valid_to)
            WHEN valid_to <= valid_from THEN 'ends before it begins'
            WHEN product_id <> first_of THEN format('is of product %s, the first one is of %s', product_id, first_of)
            WHEN open > 1 AND valid_to IS NULL THEN format('is one of %s that count for product %s', open, product_id)
            END AS why
        FROM chained)
    SELECT count(*) AS checked, 0 AS in_flight, count(why) AS violated,
           (array_agg(format('SKU %s: the price from %s %s', sku, valid_from, why) ORDER BY sku, valid_from)
            FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
PRICES_TOLD: Final = """
    WITH book AS (
        SELECT DISTINCT ON (e.sku, k.currency) e.sku, k.currency, e.amount_minor
        FROM pricing.price_book AS k
        JOIN pricing.price_book_version AS v ON v.book_id = k.id AND v.state = 'ACTIVE'
        JOIN pricing.price_book_entry AS e ON e.book_id = v.book_id AND e.number = v.number AND e.min_quantity = 1
        WHERE k.customer_group IS NULL
          AND coalesce(v.valid_from, '-infinity') <= now() AND coalesce(v.valid_to, 'infinity') > now()
        ORDER BY e.sku, k.currency, v.valid_from DESC NULLS LAST, e.amount_minor, k.id),
    usual AS (
        SELECT p.sku, p.product_id, p.currency, coalesce(o.amount_minor, b.amount_minor, p.amount_minor) AS minor
        FROM pricing.product_price_history AS p
        LEFT JOIN pricing.price_override AS o ON o.sku = p.sku AND o.currency = p.currency AND o.ended_at IS NULL
                                                 AND coalesce(o.until, 'infinity') > now()
        LEFT JOIN book AS b ON b.sku = p.sku AND b.currency = p.currency
        WHERE p.valid_to IS NULL),
    edge AS (
        SELECT sku, until AS at FROM pricing.price_override
        UNION ALL
        SELECT e.sku, u.at FROM pricing.price_book_version AS v
        CROSS JOIN LATERAL (VALUES (v.valid_from), (v.valid_to)) AS u (at)
        JOIN pricing.price_book_entry AS e ON e.book_id = v.book_id AND e.number = v.number
        WHERE v.state = 'ACTIVE' AND u.at > now() - make_interval(secs => $2)),
    moving AS (
        SELECT sku FROM pricing.price_due
        UNION
        SELECT e.sku FROM edge AS e CROSS JOIN pricing.windows_seen AS seen
        WHERE e.at > least(seen.until, now())
          AND e.at BETWEEN now() - make_interval(secs => $2) AND now() + make_interval(secs => $3)),
    last AS (
        SELECT DISTINCT ON (key) key, replace(payload->>'amount', '.', '')::numeric AS minor,
               payload->>'currency' AS currency
        FROM runtime.outbox WHERE type = 'ecommerce.pricing.price.changed.v1' ORDER BY key, stamp DESC, position DESC),
    compared AS (
        SELECT coalesce(u.sku, t.sku, l.key) AS sku, u.minor, u.currency, t.amount_minor AS noted,
               t.currency AS noted_currency, l.minor AS told, l.currency AS told_currency,
               u.sku IS NOT NULL AND u.sku IN (SELECT sku FROM moving) AS is_moving
        FROM usual AS u FULL JOIN pricing.told_price AS t ON t.sku = u.sku AND t.product_id = u.product_id
        FULL JOIN last AS l ON l.key = coalesce(u.product_id, t.product_id)::text),
    judged AS (
        SELECT sku, is_moving AND (noted, noted_currency) IS DISTINCT FROM (minor, currency) AS going, CASE
            WHEN minor IS NULL THEN 'a price was told, but none counts'
            WHEN told IS NULL AND NOT is_moving THEN format('costs %s %s, but no price was told', minor, currency)
            WHEN (told, told_currency) IS DISTINCT FROM (noted, noted_currency) THEN
                format('told last was %s %s, noted as told is %s %s', told, told_currency, noted, noted_currency)
            WHEN NOT is_moving AND (told, told_currency) <> (minor, currency) THEN
                format('costs %s %s, but %s %s was told', minor, currency, told, told_currency) END AS why
        FROM compared)
    SELECT count(*) AS checked, count(*) FILTER (WHERE going) AS in_flight, count(why) AS violated,
           (array_agg(format('SKU %s: %s (in minor units)', sku, why) ORDER BY sku)
            FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
PRICE_BOOKS: Final = """
    WITH trail AS (
        SELECT subject AS book, (facts->>'number')::int AS number,
               count(*) FILTER (WHERE action = 'pricing.publish_price_book') AS times,
               max(id) FILTER (WHERE action = 'pricing.publish_price_book') AS published,
               max(id) FILTER (WHERE action = 'pricing.enter_prices') AS entered
        FROM runtime.audit_entry WHERE action IN ('pricing.publish_price_book', 'pricing.enter_prices') GROUP BY 1, 2),
    entries AS (SELECT book_id, number, count(*) AS prices FROM pricing.price_book_entry GROUP BY 1, 2),
    judged AS (
        SELECT v.book_id, v.number, CASE
            WHEN v.state = 'DRAFT' AND (t.times > 0 OR v.published_at IS NOT NULL) THEN 'was published, but is a draft'
            WHEN v.state = 'DRAFT' THEN NULL
            WHEN v.published_at IS NULL OR coalesce(t.times, 0) <> 1 THEN
                format('is %s, but was published %s times, says the trail', v.state, coalesce(t.times, 0))
            WHEN t.entered > t.published THEN 'was changed after it was published, says the trail'
            WHEN e.prices IS NULL THEN format('is %s, but holds no price', v.state)
            WHEN (v.state = 'RETIRED') <> (v.retired_at IS NOT NULL) THEN format('is %s, but its times differ', v.state)
            WHEN (v.state = 'ACTIVE') <> (v.number = max(v.number) FILTER (WHERE v.state <> 'DRAFT')
                                          OVER (PARTITION BY v.book_id)) THEN
                format('is %s, though another version was published last', v.state) END AS why
        FROM pricing.price_book_version AS v
        LEFT JOIN trail AS t ON t.book = v.book_id::text AND t.number = v.number
        LEFT JOIN entries AS e ON e.book_id = v.book_id AND e.number = v.number)
    SELECT count(*) AS checked, 0 AS in_flight, count(why) AS violated,
           (array_agg(format('price book %s, version %s: %s', book_id, number, why) ORDER BY book_id, number)
            FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
