"""The tax on what is left to pay: on top of it, or told as part of it where prices include it."""

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal
from typing import Final

from msgspec import Struct

from tradewind.contexts.pricing._domain.promotion import PPM
from tradewind.contexts.pricing._domain.quote.choosing import PricedLine
from tradewind.contexts.pricing._domain.quote.explaining import refused, step
from tradewind.contexts.pricing._domain.quote.facts import Facts
from tradewind.contexts.pricing._domain.rounding import rounded
from tradewind.contexts.pricing._domain.taxes import RoundingScope, TaxRegion, as_percent
from tradewind.contracts.pricing import Explanation
from tradewind.kernel.money import Money, exponent

_FURTHER_DIGITS: Final = 6
"""Digits beyond the currency's own that an unrounded tax is shown with."""


class Tax(Struct, frozen=True, kw_only=True):
    """`on_top` is to be paid in addition; `included` is in the prices already."""

    on_top: int
    included: int
    explanation: Explanation


class _Due(Struct, frozen=True):
    label: str
    tax_class: str
    rate: int
    amount: int


def taxed(facts: Facts, lines: Sequence[PricedLine], left: Sequence[int], shipping: int) -> Tax:
    """The tax on `left` of each line and on `shipping`, where that is taxed."""
    region, currency = facts.tax, facts.currency
    if region is None:
        note = refused("tax", "tax", f"no tax is known for {facts.country or 'nowhere'}")
        return Tax(on_top=0, included=0, explanation=step("tax", "tax", 0, currency, (note,)))
    dues = [_Due(line.item.sku, *region.rate(line.item.tax_class), due) for line, due in zip(lines, left, strict=True)]
    notes = []
    if region.shipping_class is not None:
        dues.append(_Due("shipping", *region.rate(region.shipping_class), shipping))
    elif shipping:
        notes.append(refused("tax", "shipping", "carriage is not taxed there"))
    if region.rounding_scope is RoundingScope.TOTAL:
        dues = _by_rate(dues)
    steps = [_step(due, region, currency) for due in dues]
    amount = sum(minor for minor, _ in steps)
    parts = (*(one for _, one in steps), *notes)
    return _told(region, amount, currency, parts)


def _told(region: TaxRegion, amount: int, currency: str, parts: Sequence[Explanation]) -> Tax:
    place = "-".join(filter(None, (region.country, region.region)))
    if not region.prices_include:
        return Tax(on_top=amount, included=0, explanation=step("tax", f"tax in {place}", amount, currency, parts))
    note = Explanation(
        kind="tax-included",
        label=f"tax in {place}",
        amount=Money(amount, currency).amount,
        applied=False,
        why="the prices include it",
        parts=tuple(parts),
    )
    return Tax(on_top=0, included=amount, explanation=step("tax", "tax on top", 0, currency, (note,)))


def _by_rate(dues: Sequence[_Due]) -> list[_Due]:
    """One for each rate, on the sum of what it is due on."""
    sums: dict[tuple[str, int], int] = {}
    for due in dues:
        key = (due.tax_class, due.rate)
        sums[key] = sums.get(key, 0) + due.amount
    return [_Due("", tax_class, rate, amount) for (tax_class, rate), amount in sums.items()]


def _step(due: _Due, region: TaxRegion, currency: str) -> tuple[int, Explanation]:
    divisor = PPM + due.rate if region.prices_include else PPM
    product = due.amount * due.rate
    minor = rounded(product, divisor, region.rounding_mode)
    base = Money(due.amount, currency)
    label = f"{due.tax_class} {as_percent(due.rate)} % {'in' if region.prices_include else 'on'} {base}"
    parts = _rounding(minor, product, divisor, currency, region) if product % divisor else ()
    return minor, step("tax-rate", f"{due.label}: {label}" if due.label else label, minor, currency, parts)


def _rounding(
    minor: int, product: int, divisor: int, currency: str, region: TaxRegion
) -> tuple[Explanation, Explanation]:
    """The tax before it is rounded, and what rounding adds or takes; both together are the rounded tax, exactly."""
    digits = exponent(currency)
    exact = (Decimal(product) / divisor).scaleb(-digits)
    exact = exact.quantize(Decimal(1).scaleb(-digits - _FURTHER_DIGITS), rounding=ROUND_DOWN)
    whole = Money(minor, currency).amount
    return (
        Explanation(kind="unrounded", label="tax before rounding", amount=exact),
        Explanation(kind="rounding", label=f"rounded {region.rounding_mode.value}", amount=whole - exact),
    )
