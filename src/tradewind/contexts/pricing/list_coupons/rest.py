"""GET /api/v1/promotions/{promotion_id}/coupons."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.pricing._domain.promotion import NoSuchPromotion
from tradewind.contexts.pricing.list_coupons.query import MAX_PAGE, PAGE, CouponPage, ListCoupons
from tradewind.kernel.pages import Cursor, UnfitCursor


@get("/api/v1/promotions/{promotion_id}/coupons", raises=(NoSuchPromotion, UnfitCursor))
async def list_coupons(
    promotion_id: UUID,
    call: Call,
    dispatch: Dispatch,
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = PAGE,
    cursor: Cursor | None = None,
) -> CouponPage:
    """See the codes of a promotion and how often each was used. For staff."""
    command = ListCoupons(promotion_id=promotion_id, limit=limit, cursor=cursor)
    answer: CouponPage = await dispatch(command, call)
    return answer
