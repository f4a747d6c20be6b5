"""Whether a promotion is for this cart at all, and if not, why: said in words that the buyer is shown."""

from collections.abc import Sequence

from tradewind.contexts.pricing._domain.promotion import State
from tradewind.contexts.pricing._domain.quote.choosing import PricedLine
from tradewind.contexts.pricing._domain.quote.explaining import shown
from tradewind.contexts.pricing._domain.quote.facts import Coupon, Facts, Item, Promotion
from tradewind.kernel.money import Money

_RESTING = {State.DRAFT: "not active", State.PAUSED: "paused", State.ENDED: "expired"}


def targets(promotion: Promotion, lines: Sequence[PricedLine]) -> list[int]:
    """The places of the lines that the promotion is for."""
    conditions = promotion.terms.conditions
    anything = not (conditions.skus or conditions.categories)
    return [
        at
        for at, line in enumerate(lines)
        if (anything or line.item.sku in conditions.skus or _within(line.item, conditions.categories))
        and (conditions.flash_sale_goods or line.sale_id is None)
    ]


def _within(item: Item, wanted: Sequence[str]) -> bool:
    """Whether the item is in one of these categories, named by its name or by its path, or below one of these paths."""
    return any(one in (item.category, item.category_path) or item.category_path.startswith(f"{one}/") for one in wanted)


def why_not(promotion: Promotion, coupon: Coupon | None, facts: Facts, chosen: Sequence[PricedLine]) -> str | None:
    """Why the promotion does not count for `chosen`, the lines that it is for; None where it does."""
    return (
        _resting(promotion, facts)
        or _for_others(promotion, facts)
        or ("for other goods" if not chosen else None)
        or _below(promotion, facts.currency, chosen)
        or _spent(promotion, coupon)
    )


def _resting(promotion: Promotion, facts: Facts) -> str | None:
    if promotion.state is not State.ACTIVE:
        return _RESTING[promotion.state]
    if promotion.valid_to is not None and promotion.valid_to <= facts.at:
        return "expired"
    if promotion.valid_from is not None and promotion.valid_from > facts.at:
        return "not valid yet"
    return None


def _for_others(promotion: Promotion, facts: Facts) -> str | None:
    conditions = promotion.terms.conditions
    if promotion.currency not in (None, facts.currency):
        return f"only in {promotion.currency}"
    if conditions.customer_groups and not facts.groups.intersection(conditions.customer_groups):
        return "for another customer group"
    if conditions.countries and facts.country not in conditions.countries:
        return "for another country"
    return None


def _below(promotion: Promotion, currency: str, chosen: Sequence[PricedLine]) -> str | None:
    conditions = promotion.terms.conditions
    pieces = sum(line.item.quantity for line in chosen)
    if pieces < conditions.min_quantity:
        return f"below the threshold: {pieces} of {conditions.min_quantity} pieces"
    if conditions.min_amount is None:
        return None
    amount, needed = sum(line.amount for line in chosen), Money.parse(conditions.min_amount, currency).minor
    if amount < needed:
        return f"below the threshold: {shown(amount, currency)} of {shown(needed, currency)}"
    return None


def _spent(promotion: Promotion, coupon: Coupon | None) -> str | None:
    if coupon is None:
        return None
    limits = (
        (promotion.max_uses, promotion.uses),
        (coupon.max_uses, coupon.uses),
        (coupon.batch_max, coupon.batch_uses),
    )
    if any(limit is not None and uses >= limit for limit, uses in limits):
        return "spent"
    by_customer = (
        (promotion.max_per_customer, promotion.customer_uses),
        (coupon.max_per_customer, coupon.customer_uses),
    )
    if any(limit is not None and uses >= limit for limit, uses in by_customer):
        return "spent by this customer"
    return None
