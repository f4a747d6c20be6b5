"""POST /api/v1/promotions/{promotion_id}/coupons."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.pricing._domain.coupon import (
    CODE_PATTERN,
    MAX_BATCH,
    MAX_PREFIX,
    CodeTaken,
    InvalidCoupon,
    NoCouponsHere,
)
from tradewind.contexts.pricing._domain.promotion import NoSuchPromotion
from tradewind.contexts.pricing._domain.promotion_view import MAX_USES
from tradewind.contexts.pricing.make_coupons.command import Coupons, MakeCoupons

Limit = Annotated[int, Meta(ge=1, le=MAX_USES)]


class NewCoupons(Body, frozen=True):
    """A `code` of your own, or `count` made-up ones that share `maxUses`; `maxUsesEach` is each code's own limit."""

    code: Annotated[str, Meta(pattern=CODE_PATTERN)] | None = None
    count: Annotated[int, Meta(ge=1, le=MAX_BATCH)] | None = None
    prefix: Annotated[str, Meta(pattern="^[A-Za-z0-9_-]*$", max_length=MAX_PREFIX)] = ""
    max_uses: Limit | None = None
    max_uses_each: Limit | None = None
    max_per_customer: Limit | None = None


@post(
    "/api/v1/promotions/{promotion_id}/coupons",
    status=201,
    raises=(NoSuchPromotion, NoCouponsHere, InvalidCoupon, CodeTaken),
)
async def make_coupons(promotion_id: UUID, body: NewCoupons, call: Call, dispatch: Dispatch) -> Coupons:
    """Make codes for a promotion that needs them. Codes mean the same in capitals and in small letters."""
    command = MakeCoupons(
        promotion_id=promotion_id,
        code=body.code,
        count=body.count,
        prefix=body.prefix,
        max_uses=body.max_uses,
        max_uses_each=body.max_uses_each,
        max_per_customer=body.max_per_customer,
    )
    answer: Coupons = await dispatch(command, call)
    return answer
