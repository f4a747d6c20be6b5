"""POST /api/v1/promotions/{promotion_id}/pause."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, IfMatch, post
from tradewind.contexts.pricing._domain.promotion import NoSuchPromotion
from tradewind.contexts.pricing._domain.promotion_view import Promotion
from tradewind.contexts.pricing.pause_promotion.command import PausePromotion
from tradewind.kernel.lifecycle import IllegalMove
from tradewind.kernel.versions import Outdated


@post("/api/v1/promotions/{promotion_id}/pause", raises=(NoSuchPromotion, IllegalMove, Outdated))
async def pause_promotion(promotion_id: UUID, call: Call, dispatch: Dispatch, if_match: IfMatch = None) -> Promotion:
    """Let a promotion rest until it is activated again."""
    answer: Promotion = await dispatch(PausePromotion(promotion_id=promotion_id, expected=if_match), call)
    return answer
