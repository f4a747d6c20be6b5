"""Reviews: each is where its events lead; votes are counted; what a product is rated is what its reviews add up to.

A review and its event are written together, and so are what the subscriber of ratings counts, the rating and what is
told of it. Between the two lies what that subscriber has yet to hear: it is compared at its own position in the log.
"""

from typing import Final

REVIEWS: Final = """
    WITH folded AS (
        SELECT payload->>'reviewId' AS id, min(key) AS product_id,
               (array_agg(payload->>'stars' ORDER BY stamp DESC, position DESC)
                   FILTER (WHERE payload ? 'stars'))[1]::int AS stars,
               (array_agg(CASE WHEN payload ? 'stars' THEN 'PENDING' WHEN payload->>'accepted' = 'true' THEN 'PUBLISHED'
                          WHEN payload ? 'accepted' THEN 'REJECTED' ELSE 'deleted' END
                          ORDER BY stamp DESC, position DESC))[1] AS status,
               count(*) FILTER (WHERE type = 'ecommerce.rating.review.created.v1') AS written
        FROM runtime.outbox WHERE type = ANY($2::text[]) GROUP BY 1),
    votes AS (
        SELECT review_id, count(*) FILTER (WHERE helpful) AS yes, count(*) FILTER (WHERE NOT helpful) AS no
        FROM reviews.helpful_vote GROUP BY 1),
    compared AS (
        SELECT coalesce(r.id::text, f.id) AS id, r.id IS NULL AS is_gone, r.product_id, r.status, r.stars,
               r.helpful, r.unhelpful, f.product_id AS of_product, f.status AS told_status, f.stars AS told_stars,
               f.written, coalesce(v.yes, 0) AS yes, coalesce(v.no, 0) AS no,
               count(*) OVER (PARTITION BY r.product_id, r.user_id) AS times
        FROM reviews.review AS r FULL JOIN folded AS f ON f.id = r.id::text
        LEFT JOIN votes AS v ON v.review_id = r.id),
    judged AS (
        SELECT id, CASE
            WHEN is_gone AND told_status <> 'deleted' THEN format('is %s, say the events, but is gone', told_status)
            WHEN is_gone THEN NULL
            WHEN coalesce(written, 0) <> 1 THEN format('was written %s times, say the events', coalesce(written, 0))
            ELSE NULLIF(concat_ws(', ',
                CASE WHEN status <> told_status THEN format('is %s, the events say %s', status, told_status) END,
                CASE WHEN stars <> told_stars THEN format('gives %s stars, the events say %s', stars, told_stars) END,
                CASE WHEN product_id::text <> of_product THEN
                    format('is of product %s, the events say %s', product_id, of_product) END,
                CASE WHEN (helpful, unhelpful) <> (yes, no) THEN
                    format('counts %s helpful and %s unhelpful, the votes are %s and %s', helpful, unhelpful, yes, no)
                    END,
                CASE WHEN times > 1 THEN format('is one of %s by one buyer of one product', times) END), '') END AS why
        FROM compared)
    SELECT count(*) AS checked, 0 AS in_flight, count(why) AS violated,
           (array_agg(format('review %s: %s', id, why) ORDER BY id) FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
RATINGS: Final = """
    WITH heard AS (SELECT coalesce(max(stamp), 0) AS stamp, coalesce(max(position), 0) AS position
                   FROM runtime.position WHERE subscriber = 'reviews.rating'),
    event AS (
        SELECT e.*, (e.stamp, e.position) <= (heard.stamp, heard.position) AS was_heard
        FROM heard, runtime.outbox AS e WHERE e.type = ANY($2::text[])),
    folded AS (
        SELECT payload->>'reviewId' AS id, min(key) AS product_id,
               (array_agg(payload->>'stars' ORDER BY stamp DESC, position DESC)
                   FILTER (WHERE payload ? 'stars'))[1]::int AS stars,
               (array_agg(payload->>'accepted' = 'true' ORDER BY stamp DESC, position DESC))[1] IS TRUE AS shown,
               bool_or(type = 'ecommerce.rating.review.deleted.v1') AS is_gone
        FROM event WHERE was_heard GROUP BY 1),
    missed AS (
        SELECT coalesce(c.product_id::text, f.product_id) AS product_id, count(*) AS reviews
        FROM reviews.counted AS c FULL JOIN (SELECT * FROM folded WHERE NOT is_gone) AS f ON f.id = c.review_id::text
        WHERE (c.product_id::text, c.stars, c.shown) IS DISTINCT FROM (f.product_id, f.stars, f.shown) GROUP BY 1),
    sums AS (
        SELECT product_id::text AS product_id, count(*) AS count, sum(stars) AS total FROM reviews.counted
        WHERE shown GROUP BY 1),
    last AS (
        SELECT DISTINCT ON (key) key AS product_id, (payload->>'count')::int AS count,
               (payload->>'average')::numeric AS average
        FROM runtime.outbox WHERE type = 'ecommerce.rating.rating.changed.v1' ORDER BY key, stamp DESC, position DESC),
    kept AS (SELECT product_id::text AS product_id, count, total FROM reviews.rating),
    judged AS (
        SELECT product_id, NULLIF(concat_ws(', ',
            CASE WHEN m.reviews > 0 THEN format('%s reviews are not counted as their events say', m.reviews) END,
            CASE WHEN (coalesce(k.count, 0), coalesce(k.total, 0)) <> (coalesce(s.count, 0), coalesce(s.total, 0)) THEN
                format('rated with %s stars by %s, what is counted adds up to %s by %s', coalesce(k.total, 0),
                       coalesce(k.count, 0), coalesce(s.total, 0), coalesce(s.count, 0)) END,
            CASE WHEN coalesce(l.count, 0) <> coalesce(k.count, 0)
                   OR abs(coalesce(l.average, 0) - coalesce(k.total::numeric / NULLIF(k.count, 0), 0)) > 0.005 THEN
                format('told last was %s of %s reviews, rated is %s stars by %s', l.average, l.count,
                       coalesce(k.total, 0), coalesce(k.count, 0)) END), '') AS why
        FROM kept AS k FULL JOIN sums AS s USING (product_id) FULL JOIN last AS l USING (product_id)
        FULL JOIN missed AS m USING (product_id))
    SELECT count(*) AS checked, (SELECT count(*) FROM event WHERE NOT was_heard) AS in_flight, count(why) AS violated,
           (array_agg(format('product %s: %s', product_id, why) ORDER BY product_id)
            FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
TYPES: Final = [f"ecommerce.rating.review.{what}.v1" for what in ("created", "edited", "moderated", "deleted")]
"""What can happen to a review."""
