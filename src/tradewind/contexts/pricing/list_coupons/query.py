"""The codes of one promotion, with their uses."""

from typing import Final
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.pricing._store import promotions
from tradewind.contracts.messages import Command
from tradewind.kernel.pages import Keyset, Text
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

PAGE: Final = 100
MAX_PAGE: Final = 1_000
CODES: Final = Keyset("coupons", Text, "")


class ListCoupons(Command, frozen=True):
    """At most `limit` codes after `cursor`."""

    promotion_id: UUID
    limit: int = PAGE
    cursor: str | None = None


class CouponUse(Struct, frozen=True, kw_only=True, rename="camel"):
    """A code, its limits, and how often it was used by orders that were not called off."""

    code: str
    batch_id: UUID | None
    max_uses: int | None
    max_per_customer: int | None
    uses: int
    batch_max_uses: int | None
    batch_uses: int | None


class CouponPage(Struct, frozen=True, kw_only=True, rename="camel"):
    """Some codes, and where the next ones begin."""

    items: tuple[CouponUse, ...]
    next: str | None


@query(action="pricing.list_coupons")
async def list_coupons(command: ListCoupons, tx: Tx) -> CouponPage:
    """A page of them. Refuses UnfitCursor and NoSuchPromotion."""
    after, limit = CODES.after(command.cursor), min(command.limit, MAX_PAGE)
    await promotions.get(tx, command.promotion_id)
    rows = await tx.all(promotions.COUPONS, command.promotion_id, after, limit + 1)
    shown, next_ = CODES.page(rows, limit, lambda row: row["code"])
    return CouponPage(items=tuple(CouponUse(**dict(row)) for row in shown), next=next_)
