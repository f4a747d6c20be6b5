"""Write down a promotion. It is a draft until somebody activates it."""

from tradewind.contexts.pricing._domain.promotion_view import Draft, Promotion, check_draft
from tradewind.contexts.pricing._store import promotions
from tradewind.contracts.messages import Command
from tradewind.kernel import clock
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class CreatePromotion(Command, frozen=True):
    """With `needs_coupon` it counts only for who gives one of its codes."""

    draft: Draft
    needs_coupon: bool = False


@handler(action="pricing.create_promotion")
async def create_promotion(command: CreatePromotion, tx: Tx) -> Promotion:
    """The new promotion. Refuses InvalidPromotion."""
    check_draft(command.draft, needs_coupon=command.needs_coupon)
    promotion_id = new_id()
    await promotions.add(tx, promotion_id, command.draft, needs_coupon=command.needs_coupon, at=clock.now())
    tx.audit("pricing.create_promotion", str(promotion_id), name=command.draft.name)
    return await promotions.get(tx, promotion_id)
