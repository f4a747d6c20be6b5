"""A promotion as staff see and write it."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.pricing._domain import window
from tradewind.contexts.pricing._domain.promotion import (
    Benefit,
    Conditions,
    InvalidPromotion,
    State,
    Terms,
    check,
)

MAX_USES = 1_000_000_000


class Promotion(Struct, frozen=True, kw_only=True, rename="camel"):
    """A promotion: its rule, where it stands, and how often it was used by coupon."""

    id: UUID
    name: str
    state: State
    needs_coupon: bool
    benefit: Benefit
    conditions: Conditions
    priority: int
    exclusive: bool
    combines: str
    currency: str | None
    valid_from: datetime | None
    valid_to: datetime | None
    max_uses: int | None
    max_per_customer: int | None
    uses: int
    version: int


class Draft(Struct, frozen=True, kw_only=True):
    """All that staff decide about a promotion. Limits are of uses through coupons."""

    name: str
    terms: Terms
    currency: str | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    max_uses: int | None = None
    max_per_customer: int | None = None


def check_draft(draft: Draft, *, needs_coupon: bool) -> None:
    """Refuse (InvalidPromotion) what breaks a rule, with a pointer for each."""
    errors = list(window.faults(draft.valid_from, draft.valid_to))
    for pointer, limit in (("/maxUses", draft.max_uses), ("/maxPerCustomer", draft.max_per_customer)):
        if limit is not None and not needs_coupon:
            errors.append({"pointer": pointer, "detail": "Uses are counted by coupon only."})
        elif limit is not None and not 1 <= limit <= MAX_USES:
            errors.append({"pointer": pointer, "detail": f"Expected 1 to {MAX_USES}."})
    try:
        check(draft.name, draft.terms, draft.currency)
    except InvalidPromotion as refusal:
        errors.extend(refusal.facts["errors"])
    if errors:
        raise InvalidPromotion(errors=errors)
