"""Steps of an explanation: what was counted, and what was looked at and did not count."""

from collections.abc import Sequence

from tradewind.contracts.pricing import Explanation
from tradewind.kernel.money import Money


def step(kind: str, label: str, minor: int, currency: str, parts: Sequence[Explanation] = ()) -> Explanation:
    """Something that counted; where it has parts, `minor` is the sum of those that apply."""
    return Explanation(kind=kind, label=label, amount=Money(minor, currency).amount, parts=tuple(parts))


def refused(kind: str, label: str, why: str) -> Explanation:
    """Something that did not count, and why."""
    return Explanation(kind=kind, label=label, applied=False, why=why)


def shown(minor: int, currency: str) -> str:
    """An amount as people read it."""
    return str(Money(minor, currency))
