"""The SQL of tax regions and tax classes."""

from typing import Final

import msgspec

from tradewind.contexts.pricing._domain.taxes import TaxRegion
from tradewind.runtime.database import Tx

GET: Final = """
    SELECT to_jsonb(t) AS fact FROM pricing.tax_region AS t WHERE country = $1 AND region = $2 FOR NO KEY UPDATE
"""
LIST: Final = """
    SELECT to_jsonb(t) AS fact FROM pricing.tax_region AS t
    WHERE (country, region) > ($1, $2) AND ($3::text IS NULL OR country = $3) ORDER BY country, region LIMIT $4
"""
SET: Final = """
    INSERT INTO pricing.tax_region AS t
        (country, region, prices_include, rounding_scope, rounding_mode, shipping_class, rates)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (country, region) DO UPDATE SET prices_include = excluded.prices_include,
        rounding_scope = excluded.rounding_scope, rounding_mode = excluded.rounding_mode,
        shipping_class = excluded.shipping_class, rates = excluded.rates, version = t.version + 1
    RETURNING version
"""
CLASSIFY_PRODUCT: Final = """
    INSERT INTO pricing.tax_class_of_product (product_id, sku, tax_class)
    SELECT product_id, sku, $2 FROM pricing.product_price_history WHERE product_id = $1 AND follows IS NULL
    ON CONFLICT (product_id) DO UPDATE SET tax_class = excluded.tax_class
"""
CLASSIFY_CATEGORY: Final = """
    INSERT INTO pricing.tax_class_of_category (category, tax_class) VALUES ($1, $2)
    ON CONFLICT (category) DO UPDATE SET tax_class = excluded.tax_class
"""
_region = msgspec.json.Decoder(TaxRegion)


async def held(tx: Tx, country: str, region: str) -> TaxRegion | None:
    """A region's taxes; nobody else changes them until the transaction ends."""
    fact = await tx.value(GET, country, region)
    return None if fact is None else _region.decode(fact)


async def put(tx: Tx, region: TaxRegion) -> int:
    """Write a region's taxes; their version now."""
    version: int = await tx.value(
        SET,
        region.country,
        region.region,
        region.prices_include,
        region.rounding_scope.value,
        region.rounding_mode.value,
        region.shipping_class,
        msgspec.json.encode(region.rates).decode(),
    )
    return version


async def page(tx: Tx, after: tuple[str, str], country: str | None, limit: int) -> list[TaxRegion]:
    """At most `limit` regions that follow `after`, by country and region."""
    return [_region.decode(row["fact"]) for row in await tx.all(LIST, *after, country, limit)]
