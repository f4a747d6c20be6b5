"""The SQL of what is expected to be sent: a row a day and country, added up as orders come."""

from collections.abc import Collection
from datetime import date
from typing import Any, Final, NamedTuple

from tradewind.contexts.shipping._domain.rates import DEFAULT_WEIGHT_G, MM3_A_GRAM
from tradewind.runtime.database import Tx

KEPT_DAYS: Final = 28
"""Days for which it is known what was ordered on them, today among them."""
ADD: Final = """
    WITH over AS (DELETE FROM shipping.expected WHERE day < $8),
    weighed AS (
        SELECT u.day, u.country, sum(u.orders) AS orders, sum(u.pieces) AS pieces,
               sum(u.pieces * coalesce(
                   greatest(p.weight_g, p.length_mm::bigint * p.width_mm * p.height_mm / $7), $6)) AS grams
        FROM unnest($1::date[], $2::text[], $3::text[], $4::bigint[], $5::bigint[])
             AS u (day, country, sku, pieces, orders) LEFT JOIN shipping.product_size AS p USING (sku)
        GROUP BY u.day, u.country)
    INSERT INTO shipping.expected AS e (day, country, orders, pieces, grams)
    SELECT day, country, orders, pieces, grams FROM weighed ORDER BY day, country
    ON CONFLICT (day, country) DO UPDATE SET
        orders = e.orders + excluded.orders, pieces = e.pieces + excluded.pieces, grams = e.grams + excluded.grams
"""
SINCE: Final = """
    SELECT day, country, orders, pieces, grams FROM shipping.expected
    WHERE day > (now() AT TIME ZONE 'UTC')::date - $1::int ORDER BY day DESC, orders DESC, country
"""


class Wanted(NamedTuple):
    """So many pieces of a SKU for a country, ordered on a day; `orders`: how many orders begin with it."""

    day: date
    country: str
    sku: str
    pieces: int
    orders: int


async def add(tx: Tx, wanted: Collection[Wanted], first: date) -> None:
    """Count these, weighed by what is known of their sizes now; days before `first` are forgotten."""
    days, countries, skus, pieces, orders = map(list, zip(*wanted, strict=True))
    await tx.run(ADD, days, countries, skus, pieces, orders, DEFAULT_WEIGHT_G, MM3_A_GRAM, first)


async def since(tx: Tx, days: int) -> list[Any]:
    """The rows of the last so many days, the newest first."""
    return list(await tx.all(SINCE, days))
