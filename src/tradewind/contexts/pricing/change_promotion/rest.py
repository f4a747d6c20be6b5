"""PUT /api/v1/promotions/{promotion_id}."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, IfMatch, put
from tradewind.contexts.pricing._domain.promotion import InvalidPromotion, NoSuchPromotion
from tradewind.contexts.pricing._domain.promotion_view import Promotion
from tradewind.contexts.pricing.change_promotion.command import ChangePromotion, PromotionEnded
from tradewind.contexts.pricing.create_promotion.rest import PromotionRule
from tradewind.kernel.versions import Outdated


@put("/api/v1/promotions/{promotion_id}", raises=(NoSuchPromotion, InvalidPromotion, PromotionEnded, Outdated))
async def change_promotion(
    promotion_id: UUID, body: PromotionRule, if_match: IfMatch, call: Call, dispatch: Dispatch
) -> Promotion:
    """Write a promotion's rule anew; it counts at once where the promotion is active."""
    command = ChangePromotion(promotion_id=promotion_id, draft=body.draft(), expected=if_match)
    answer: Promotion = await dispatch(command, call)
    return answer
