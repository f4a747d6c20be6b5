"""Which promotions count together, in which order, and what each takes off.

The order is by priority (higher first), then by age (older first), then by code. Each takes off what those before it
left. Promotions of one `combines` group go together; the first that counts decides which group that is. An exclusive
one counts alone. Of several codes of one promotion the first that may be used counts. What would take off nothing does
not count, so it spends no coupon and keeps no other promotion away.
"""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.pricing._domain.promotion import PPM as WHOLE
from tradewind.contexts.pricing._domain.promotion import AmountOff, BuyXGetY, FreeShipping, Percentage, ppm
from tradewind.contexts.pricing._domain.quote.choosing import PricedLine
from tradewind.contexts.pricing._domain.quote.eligibility import targets, why_not
from tradewind.contexts.pricing._domain.quote.explaining import refused, step
from tradewind.contexts.pricing._domain.quote.facts import Coupon, Facts, Promotion
from tradewind.contexts.pricing._domain.rounding import rounded, spread
from tradewind.contracts.pricing import Explanation
from tradewind.kernel.money import Money


class Reductions(Struct, frozen=True, kw_only=True):
    """What comes off each line and off shipping, by which codes, and the steps of it."""

    shares: tuple[int, ...]
    shipping: int
    codes: tuple[str, ...]
    discounts: tuple[Explanation, ...]
    shipping_steps: tuple[Explanation, ...]


class _Wish(Struct, frozen=True, kw_only=True):
    promotion: Promotion
    coupon: Coupon | None

    @property
    def order(self) -> tuple[int, UUID, str]:
        return (-self.promotion.terms.priority, self.promotion.id, self.coupon.code if self.coupon else "")

    @property
    def kind(self) -> str:
        return "coupon" if self.coupon else "promotion"

    @property
    def label(self) -> str:
        return f"{self.coupon.code}: {self.promotion.name}" if self.coupon else self.promotion.name


def reduce(facts: Facts, lines: Sequence[PricedLine]) -> Reductions:
    """Let every promotion that may count take off its part."""
    wishes, unknown = _wishes(facts)
    stack = _Stack(facts, lines)
    for wish in wishes:
        stack.consider(wish)
    return Reductions(
        shares=tuple(line.amount - left for line, left in zip(lines, stack.left, strict=True)),
        shipping=facts.shipping - stack.shipping_left,
        codes=tuple(sorted(wish.coupon.code for wish in stack.counted if wish.coupon)),
        discounts=(*stack.discounts, *unknown),
        shipping_steps=tuple(stack.shipping_steps),
    )


def _wishes(facts: Facts) -> tuple[list[_Wish], list[Explanation]]:
    promotions = {one.id: one for one in facts.promotions}
    coupons = {one.code: one for one in facts.coupons}
    wishes = [_Wish(promotion=one, coupon=None) for one in facts.promotions if not one.needs_coupon]
    unknown = []
    for code in sorted(set(facts.codes)):
        coupon = coupons.get(code)
        if coupon is None:
            unknown.append(refused("coupon", code, "unknown"))
        else:
            wishes.append(_Wish(promotion=promotions[coupon.promotion_id], coupon=coupon))
    return sorted(wishes, key=lambda wish: wish.order), unknown


class _Stack:
    """What is left to pay of each line and of shipping while one promotion after the other is considered."""

    def __init__(self, facts: Facts, lines: Sequence[PricedLine]) -> None:
        self._facts, self._lines = facts, lines
        self.left = [line.amount for line in lines]
        self.shipping_left = facts.shipping
        self.counted: list[_Wish] = []
        self.discounts: list[Explanation] = []
        self.shipping_steps: list[Explanation] = []

    def consider(self, wish: _Wish) -> None:
        chosen = targets(wish.promotion, self._lines)
        lines = [self._lines[at] for at in chosen]
        why = why_not(wish.promotion, wish.coupon, self._facts, lines) or self._clashes(wish)
        if why is None and not self._count(wish, chosen):
            why = "nothing left to take off"
        if why is not None:
            self.discounts.append(refused(wish.kind, wish.label, why))

    def _clashes(self, wish: _Wish) -> str | None:
        if not self.counted:
            return None
        first = self.counted[0]
        if any(one.promotion.id == wish.promotion.id for one in self.counted):
            return "not combinable: the promotion counts already"
        if first.promotion.terms.exclusive or wish.promotion.terms.exclusive:
            return f"not combinable with {first.label}"
        if first.promotion.terms.combines != wish.promotion.terms.combines:
            return f"not combinable with {first.label}"
        return None

    def _count(self, wish: _Wish, chosen: Sequence[int]) -> bool:
        """Take off what the promotion gives; False where that is nothing."""
        currency = self._facts.currency
        if isinstance(benefit := wish.promotion.terms.benefit, FreeShipping):
            off = self._off_shipping(benefit)
            self.shipping_left -= off
            taken = self.shipping_steps
            parts = []
        else:
            off, shares = self._off_lines(benefit, chosen)
            taken = self.discounts
            parts = [
                step("share", self._lines[at].item.sku, -share, currency)
                for at, share in zip(chosen, shares, strict=True)
                if share
            ]
            for at, share in zip(chosen, shares, strict=True):
                self.left[at] -= share
        if off:
            taken.append(step(wish.kind, wish.label, -off, currency, parts))
            self.counted.append(wish)
        return off > 0

    def _off_shipping(self, benefit: FreeShipping) -> int:
        if benefit.up_to is None:
            return self.shipping_left
        return min(self.shipping_left, Money.parse(benefit.up_to, self._facts.currency).minor)

    def _off_lines(
        self, benefit: Percentage | AmountOff | BuyXGetY, chosen: Sequence[int]
    ) -> tuple[int, Sequence[int]]:
        """What comes off altogether, and each line's share of it."""
        left = [self.left[at] for at in chosen]
        match benefit:
            case Percentage(percent=percent):
                off = rounded(sum(left) * ppm(percent), WHOLE)
                return off, spread(off, left)
            case AmountOff(amount=amount):
                off = min(sum(left), Money.parse(amount, self._facts.currency).minor)
                return off, spread(off, left)
            case BuyXGetY():
                shares = self._cheapest(benefit, chosen, left)
                return sum(shares), shares

    def _cheapest(self, benefit: BuyXGetY, chosen: Sequence[int], left: Sequence[int]) -> list[int]:
        """The cheapest pieces cost less; a line never gives more than is left of it."""
        pieces = sum(self._lines[at].item.quantity for at in chosen)
        free = pieces // (benefit.buy + benefit.get) * benefit.get
        shares = [0] * len(chosen)
        for at in sorted(range(len(chosen)), key=lambda at: (self._lines[chosen[at]].unit, at)):
            line = self._lines[chosen[at]]
            reduced = min(free, line.item.quantity)
            free -= reduced
            shares[at] = min(left[at], rounded(line.unit * reduced * ppm(benefit.percent), WHOLE))
        return shares
