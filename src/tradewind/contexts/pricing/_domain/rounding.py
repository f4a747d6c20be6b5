"""How fractions of a minor unit become whole ones, exactly: integers only, never a float."""

from collections.abc import Sequence
from enum import StrEnum


class Rounding(StrEnum):
    """What becomes of a half."""

    HALF_UP = "half-up"
    HALF_EVEN = "half-even"


def rounded(numerator: int, denominator: int, rule: Rounding = Rounding.HALF_UP) -> int:
    """The whole number nearest to numerator/denominator, which is not below zero."""
    assert numerator >= 0 < denominator, "amounts that are rounded are not below zero"
    whole, rest = divmod(numerator, denominator)
    if 2 * rest > denominator or (2 * rest == denominator and (rule is Rounding.HALF_UP or whole % 2)):
        return whole + 1
    return whole


def spread(amount: int, weights: Sequence[int]) -> list[int]:
    """`amount` in whole units over `weights` in proportion, by largest remainder; the first of equals gets more.

    Adds up to `amount` exactly. Where it is not more than the sum of the weights, no share exceeds its weight.
    """
    whole = sum(weights)
    if amount == 0 or whole == 0:
        return [0] * len(weights)
    shares = [amount * weight // whole for weight in weights]
    missing = amount - sum(shares)
    by_remainder = sorted(range(len(weights)), key=lambda at: (-(amount * weights[at] % whole), at))
    for at in by_remainder[:missing]:
        shares[at] += 1
    return shares
