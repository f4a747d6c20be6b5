"""The SQL of shipping rates: tariffs, zones, and what goods weigh."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from tradewind.contexts.shipping._domain.parcel import Size
from tradewind.contexts.shipping._domain.rates import DEFAULT_WEIGHT_G, MM3_A_GRAM, Tariff, WeightStep, Zone
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx

TARIFFS: Final = """
    SELECT method, carrier, flat_minor, per_piece_minor, per_kg_minor, free_from_minor, steps::text AS steps,
           (SELECT coalesce(sum(u.pieces * coalesce(
                       greatest(p.weight_g, p.length_mm::bigint * p.width_mm * p.height_mm / $6), $5)), 0)::bigint
            FROM unnest($3::text[], $4::int[]) AS u (sku, pieces) LEFT JOIN shipping.product_size AS p USING (sku))
           AS grams
    FROM shipping.rate
    WHERE currency = $2 AND zone = coalesce((SELECT zone FROM shipping.zone WHERE country = $1), 'far')
    ORDER BY flat_minor, method, carrier
"""
LIST: Final = """
    SELECT zone, method, carrier, flat_minor, per_piece_minor, per_kg_minor, free_from_minor, steps::text AS steps
    FROM shipping.rate WHERE currency = $1 ORDER BY zone, method, carrier
"""
SET: Final = """
    INSERT INTO shipping.rate (zone, method, currency, carrier, flat_minor, per_piece_minor, per_kg_minor,
                               free_from_minor, steps)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::text::jsonb)
    ON CONFLICT (zone, currency, method, carrier) DO UPDATE SET
        flat_minor = excluded.flat_minor, per_piece_minor = excluded.per_piece_minor,
        per_kg_minor = excluded.per_kg_minor, free_from_minor = excluded.free_from_minor, steps = excluded.steps
"""
SET_ZONE: Final = """
    INSERT INTO shipping.zone (country, zone) VALUES ($1, $2) ON CONFLICT (country) DO UPDATE SET zone = excluded.zone
"""
FORGET_ZONE: Final = "DELETE FROM shipping.zone WHERE country = $1"
MEASURE: Final = """
    INSERT INTO shipping.product_size (sku, weight_g, length_mm, width_mm, height_mm) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (sku) DO UPDATE SET weight_g = excluded.weight_g, length_mm = excluded.length_mm,
        width_mm = excluded.width_mm, height_mm = excluded.height_mm, changed_at = now()
"""


async def tariffs(
    tx: Tx, country: str, currency: str, quantities: Mapping[str, int] | None = None
) -> tuple[list[Tariff], int]:
    """What counts for a country, in a currency, and what the goods (SKU to pieces) weigh; one question."""
    goods = quantities or {}
    rows = await tx.all(TARIFFS, country, currency, list(goods), list(goods.values()), DEFAULT_WEIGHT_G, MM3_A_GRAM)
    return [_tariff(row, currency) for row in rows], rows[0]["grams"] if rows else 0


async def every(tx: Tx, currency: str) -> Sequence[tuple[Zone, Tariff]]:
    """Each tariff in a currency, with its zone."""
    return [(Zone(row["zone"]), _tariff(row, currency)) for row in await tx.all(LIST, currency)]


def put(tx: Tx, zone: Zone, tariff: Tariff) -> None:
    """Write what a carrier takes there for a way to send goods."""
    steps = [[step.up_to_g, step.price.minor] for step in tariff.steps]
    tx.later(
        SET, zone.value, tariff.method, tariff.flat.currency, tariff.carrier, tariff.flat.minor,
        tariff.per_piece.minor, tariff.per_kg.minor, tariff.free_from and tariff.free_from.minor,
        msgspec.json.encode(steps).decode() if steps else None,
    )  # fmt: skip


def put_zone(tx: Tx, country: str, zone: Zone) -> None:
    """Write how far away a country is; what is in no list is far."""
    if zone is Zone.FAR:
        tx.later(FORGET_ZONE, country)
    else:
        tx.later(SET_ZONE, country, zone.value)


def measure(tx: Tx, sku: str, size: Size) -> None:
    """Write what a piece weighs, and how large it is."""
    tx.later(MEASURE, sku, size.weight_g, size.length_mm, size.width_mm, size.height_mm)


def _tariff(row: Any, currency: str) -> Tariff:
    free, steps = row["free_from_minor"], row["steps"]
    return Tariff(
        method=row["method"],
        carrier=row["carrier"],
        flat=Money(row["flat_minor"], currency),
        per_piece=Money(row["per_piece_minor"], currency),
        per_kg=Money(row["per_kg_minor"], currency),
        free_from=None if free is None else Money(free, currency),
        steps=tuple(
            WeightStep(grams, Money(minor, currency))
            for grams, minor in (msgspec.json.decode(steps, type=list[tuple[int, int]]) if steps else ())
        ),
    )
