"""POST /api/v1/promotions/{promotion_id}/end."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, IfMatch, post
from tradewind.contexts.pricing._domain.promotion import NoSuchPromotion
from tradewind.contexts.pricing._domain.promotion_view import Promotion
from tradewind.contexts.pricing.end_promotion.command import EndPromotion
from tradewind.kernel.lifecycle import IllegalMove
from tradewind.kernel.versions import Outdated


@post("/api/v1/promotions/{promotion_id}/end", raises=(NoSuchPromotion, IllegalMove, Outdated))
async def end_promotion(promotion_id: UUID, call: Call, dispatch: Dispatch, if_match: IfMatch = None) -> Promotion:
    """Let a promotion never count again; it stays to be seen."""
    answer: Promotion = await dispatch(EndPromotion(promotion_id=promotion_id, expected=if_match), call)
    return answer
