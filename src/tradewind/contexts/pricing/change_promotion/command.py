"""Write a promotion anew. Quotes that were given keep their price."""

from uuid import UUID

from tradewind.contexts.pricing._domain.promotion import State
from tradewind.contexts.pricing._domain.promotion_view import Draft, Promotion, check_draft
from tradewind.contexts.pricing._store import promotions
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Conflict
from tradewind.kernel.versions import expect
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class PromotionEnded(Conflict):
    """The promotion has ended, and is kept as it was."""


class ChangePromotion(Command, frozen=True):
    """All of its rule. `expected`: the version that the caller looked at."""

    promotion_id: UUID
    draft: Draft
    expected: int | None


@handler(action="pricing.change_promotion")
async def change_promotion(command: ChangePromotion, tx: Tx) -> Promotion:
    """The promotion after it. Refuses NoSuchPromotion, Outdated, PromotionEnded and InvalidPromotion."""
    known = await promotions.get(tx, command.promotion_id, held=True)
    expect(command.expected, known.version)
    if known.state is State.ENDED:
        raise PromotionEnded
    check_draft(command.draft, needs_coupon=known.needs_coupon)
    changed = await promotions.change(tx, known.id, command.draft)
    tx.audit("pricing.change_promotion", str(known.id), name=changed.name, version=changed.version)
    return changed
