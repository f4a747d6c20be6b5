"""POST /api/v1/promotions/{promotion_id}/activate."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, IfMatch, post
from tradewind.contexts.pricing._domain.promotion import NoSuchPromotion, TooManyPromotions
from tradewind.contexts.pricing._domain.promotion_view import Promotion
from tradewind.contexts.pricing.activate_promotion.command import ActivatePromotion
from tradewind.kernel.lifecycle import IllegalMove
from tradewind.kernel.versions import Outdated


@post("/api/v1/promotions/{promotion_id}/activate", raises=(NoSuchPromotion, IllegalMove, Outdated, TooManyPromotions))
async def activate_promotion(promotion_id: UUID, call: Call, dispatch: Dispatch, if_match: IfMatch = None) -> Promotion:
    """Let a promotion count from now on, within its time window."""
    answer: Promotion = await dispatch(ActivatePromotion(promotion_id=promotion_id, expected=if_match), call)
    return answer
