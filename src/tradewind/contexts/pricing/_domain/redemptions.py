"""Who of those who arrive one after the other may still use a coupon: by code, by batch, by promotion, by customer."""

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

from msgspec import Struct

from tradewind.contracts.pricing import CouponSpent, Redemption
from tradewind.kernel.errors import Conflict


class Limits(Struct, frozen=True, kw_only=True):
    """A code's limits and uses, with those of its batch and of its promotion; None is no limit."""

    code: str
    promotion_id: UUID
    batch_id: UUID | None
    max_uses: int | None
    max_per_customer: int | None
    uses: int
    batch_max: int | None
    batch_uses: int
    promotion_max: int | None
    promotion_per_customer: int | None
    promotion_uses: int

    @property
    def asks_for_customers(self) -> bool:
        """Whether it matters who used it."""
        return self.max_per_customer is not None or self.promotion_per_customer is not None


Taken = Mapping[tuple[str, UUID, str], int]
"""How often a customer used a promotion by a code."""


def decide(wanted: Sequence[Redemption], limits: Mapping[str, Limits], taken: Taken) -> list[Conflict | None]:
    """In the order of arrival: None for who gets all that they want, CouponSpent for who would exceed a limit."""
    counts = _counted(limits, taken)
    refusals: list[Conflict | None] = []
    for one in wanted:
        codes = sorted(set(one.coupons))
        spent = next((code for code in codes if code not in limits), None)
        for code in codes if spent is None else ():
            keys = _keys(limits[code], one.customer_id)
            if any(limit is not None and counts[key] >= limit for key, limit in keys):
                spent = code
                break
            counts.update(key for key, _ in keys)
        if spent is not None:
            for code in codes[: codes.index(spent)] if spent in limits else ():
                counts.subtract(key for key, _ in _keys(limits[code], one.customer_id))
        refusals.append(None if spent is None else CouponSpent(f"{spent} has been used up.", code=spent))
    return refusals


_Key = tuple[object, ...]


def _keys(limit: Limits, customer_id: str) -> list[tuple[_Key, int | None]]:
    """All that one use counts towards, with what that is limited to."""
    keys: list[tuple[_Key, int | None]] = [
        (("code", limit.code), limit.max_uses),
        (("promotion", limit.promotion_id), limit.promotion_max),
        (("code", limit.code, customer_id), limit.max_per_customer),
        (("promotion", limit.promotion_id, customer_id), limit.promotion_per_customer),
    ]
    return keys if limit.batch_id is None else [*keys, (("batch", limit.batch_id), limit.batch_max)]


def _counted(limits: Mapping[str, Limits], taken: Taken) -> Counter[_Key]:
    counts: Counter[_Key] = Counter()
    for limit in limits.values():
        counts["code", limit.code] = limit.uses
        counts["promotion", limit.promotion_id] = limit.promotion_uses
        if limit.batch_id is not None:
            counts["batch", limit.batch_id] = limit.batch_uses
    for (customer_id, promotion_id, code), uses in taken.items():
        counts["code", code, customer_id] += uses
        counts["promotion", promotion_id, customer_id] += uses
    return counts
