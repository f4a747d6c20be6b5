"""Make codes for a promotion: one that somebody chose, or a batch of codes that share one limit."""

from uuid import UUID

from msgspec import Struct

from tradewind.contexts.pricing._domain import coupon
from tradewind.contexts.pricing._domain.coupon import MAX_BATCH, CodeTaken, InvalidCoupon, NoCouponsHere
from tradewind.contexts.pricing._store import promotions
from tradewind.contracts.messages import Command
from tradewind.kernel import clock
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class MakeCoupons(Command, frozen=True):
    """`code`, or `count` codes with `prefix` that together are used `max_uses` times at most.

    `max_uses_each` and `max_per_customer` are limits of every single code.
    """

    promotion_id: UUID
    code: str | None = None
    count: int | None = None
    prefix: str = ""
    max_uses: int | None = None
    max_uses_each: int | None = None
    max_per_customer: int | None = None


class Coupons(Struct, frozen=True, kw_only=True, rename="camel"):
    """The codes that were made; `batchId` where they share a limit."""

    promotion_id: UUID
    batch_id: UUID | None
    codes: tuple[str, ...]


@handler(action="pricing.make_coupons")
async def make_coupons(command: MakeCoupons, tx: Tx) -> Coupons:
    """All of them or none. Refuses NoSuchPromotion, NoCouponsHere, InvalidCoupon and CodeTaken."""
    promotion = await promotions.get(tx, command.promotion_id, held=True)
    if not promotion.needs_coupon:
        raise NoCouponsHere
    now = clock.now()
    if command.code is not None and command.count is None:
        codes, batch_id, each = [coupon.normal(command.code)], None, command.max_uses
    else:
        if command.code is not None or command.count is None or not 1 <= command.count <= MAX_BATCH:
            detail = f"Name a code, or ask for 1 to {MAX_BATCH} of them."
            raise InvalidCoupon(errors=[{"pointer": "/code", "detail": detail}])
        codes, batch_id, each = coupon.made_up(command.count, command.prefix), new_id(), command.max_uses_each
        await tx.run(promotions.ADD_BATCH, batch_id, promotion.id, command.count, command.max_uses, now)
    limits = (each, command.max_per_customer)
    if await promotions.add_coupons(tx, promotion.id, codes, batch_id, limits, now) != len(codes):
        raise CodeTaken(code=codes[0])
    tx.audit("pricing.make_coupons", str(promotion.id), count=len(codes), batch_id=batch_id and str(batch_id))
    return Coupons(promotion_id=promotion.id, batch_id=batch_id, codes=tuple(codes))
