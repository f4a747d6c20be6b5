"""Put together what goods cost: prices, then promotions, then shipping, then tax; and explain every step of it.

Quote's promise: total = lines + shipping + tax - discount, exactly, and no part of it is below zero.
"""

from collections.abc import Sequence

from tradewind.contexts.pricing._domain.quote.choosing import PricedLine, priced
from tradewind.contexts.pricing._domain.quote.explaining import step
from tradewind.contexts.pricing._domain.quote.facts import Facts
from tradewind.contexts.pricing._domain.quote.stacking import Reductions, reduce
from tradewind.contexts.pricing._domain.quote.taxing import Tax, taxed
from tradewind.contracts.pricing import Explanation, NoSuchPrice, Quote, QuotedLine, UnfitQuote
from tradewind.kernel.money import MAX_MINOR, Money


def quote(facts: Facts) -> Quote:
    """What it all costs. Refuses NoSuchPrice, naming every SKU without a price in the currency, and UnfitQuote."""
    lines = _priced(facts)
    if sum(line.amount for line in lines) + facts.shipping > MAX_MINOR // 2:
        raise UnfitQuote("The total is out of bounds.")
    reductions = reduce(facts, lines)
    left = [line.amount - share for line, share in zip(lines, reductions.shares, strict=True)]
    shipping = facts.shipping - reductions.shipping
    tax = taxed(facts, lines, left, shipping)
    total = sum(left) + shipping + tax.on_top
    money = {
        "shipping": shipping, "tax": tax.on_top, "tax_included": tax.included,
        "discount": sum(reductions.shares), "total": total,
    }  # fmt: skip
    return Quote(
        lines=_quoted(lines, reductions.shares, facts.currency),
        coupons=reductions.codes,
        explanation=_explained(facts, lines, reductions, tax, total),
        **{name: Money(minor, facts.currency) for name, minor in money.items()},
    )


def _priced(facts: Facts) -> list[PricedLine]:
    found, missing = [], []
    for item in facts.items:
        line = priced(item, facts.currency)
        if line is None:
            missing.append(item.sku)
        else:
            found.append(line)
    if missing:
        raise no_price(missing, facts.currency)
    return found


def no_price(skus: Sequence[str], currency: str) -> NoSuchPrice:
    """The refusal that names what has no price."""
    named = sorted(skus)
    return NoSuchPrice(f"No price in {currency}: {', '.join(named[:5])}", skus=named, currency=currency)


def _quoted(lines: Sequence[PricedLine], shares: Sequence[int], currency: str) -> tuple[QuotedLine, ...]:
    return tuple(
        QuotedLine(
            sku=line.item.sku,
            product_id=line.item.product_id,
            quantity=line.item.quantity,
            unit_price=Money(line.unit, currency),
            discount=Money(share, currency),
            sale_id=line.sale_id,
        )
        for line, share in zip(lines, shares, strict=True)
    )


def _explained(facts: Facts, lines: Sequence[PricedLine], reductions: Reductions, tax: Tax, total: int) -> Explanation:
    currency = facts.currency
    goods = step("lines", "goods", sum(line.amount for line in lines), currency, [line.explanation for line in lines])
    discounts = step("discounts", "discounts", -sum(reductions.shares), currency, reductions.discounts)
    charge = step("charge", "shipping before promotions", facts.shipping, currency)
    shipping_parts = (charge, *reductions.shipping_steps)
    shipping = step("shipping", "shipping", facts.shipping - reductions.shipping, currency, shipping_parts)
    return step("quote", "to pay", total, currency, (goods, discounts, shipping, tax.explanation))
