"""GET /api/v1/promotions and GET /api/v1/promotions/{promotion_id}."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.pricing._domain.promotion import NoSuchPromotion, State
from tradewind.contexts.pricing._domain.promotion_view import Promotion
from tradewind.contexts.pricing.list_promotions.query import (
    MAX_PAGE,
    PAGE,
    GetPromotion,
    ListPromotions,
    Promotions,
)


@get("/api/v1/promotions/{promotion_id}", raises=(NoSuchPromotion,))
async def get_promotion(promotion_id: UUID, call: Call, dispatch: Dispatch) -> Promotion:
    """See one promotion. Its `ETag` is what PUT wants as `If-Match`. For staff."""
    answer: Promotion = await dispatch(GetPromotion(promotion_id=promotion_id), call)
    return answer


@get("/api/v1/promotions")
async def list_promotions(
    call: Call,
    dispatch: Dispatch,
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = PAGE,
    cursor: UUID | None = None,
    state: State | None = None,
) -> Promotions:
    """See promotions, oldest first. For staff."""
    answer: Promotions = await dispatch(ListPromotions(limit=limit, cursor=cursor, state=state), call)
    return answer
