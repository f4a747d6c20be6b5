"""What recommendations have counted: words as often as products have them, pairs as often as baskets make them."""

from typing import Final

MAX_BASKET: Final = 30
"""Of a larger basket the first products, by id, make pairs."""
RECOMMENDATIONS: Final = """
    WITH words AS (
        SELECT 'word ' || quote_literal(term) AS what, coalesce(f.products, 0) AS kept, coalesce(t.products, 0) AS found
        FROM recommendations.frequency AS f
        FULL JOIN (SELECT term, count(*) AS products FROM recommendations.term GROUP BY 1) AS t USING (term)),
    placed AS (
        SELECT product_id, least(count(*) OVER (PARTITION BY order_id), $2) AS size,
               row_number() OVER (PARTITION BY order_id ORDER BY product_id) AS place
        FROM recommendations.basket WHERE counted),
    made AS (SELECT product_id, sum(size - 1) AS pairs FROM placed WHERE place <= $2 GROUP BY 1),
    one_way AS (SELECT product_id, sum(together) AS pairs FROM recommendations.pair GROUP BY 1),
    other_way AS (SELECT other_id AS product_id, sum(together) AS pairs FROM recommendations.pair GROUP BY 1),
    judged AS (
        SELECT what, CASE WHEN kept <> found THEN format('counted for %s products, %s have it', kept, found) END AS why
        FROM words
        UNION ALL
        SELECT 'product ' || product_id,
               CASE WHEN (coalesce(o.pairs, 0), coalesce(w.pairs, 0))
                         IS DISTINCT FROM (coalesce(m.pairs, 0), coalesce(m.pairs, 0)) THEN
               format('is in %s pairs one way and in %s the other way, baskets make %s',
                      coalesce(o.pairs, 0), coalesce(w.pairs, 0), coalesce(m.pairs, 0)) END
        FROM made AS m FULL JOIN one_way AS o USING (product_id) FULL JOIN other_way AS w USING (product_id))
    SELECT count(*) AS checked, 0 AS in_flight, count(why) AS violated,
           (array_agg(format('%s: %s', what, why) ORDER BY what) FILTER (WHERE why IS NOT NULL))[1:$1] AS violations
    FROM judged
"""
