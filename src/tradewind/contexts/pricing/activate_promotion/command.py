"""Let a promotion count; of those without coupon only so many at once."""

from uuid import UUID

from tradewind.contexts.pricing._domain.promotion import LIFECYCLE, Activated, TooManyPromotions
from tradewind.contexts.pricing._domain.promotion_view import Promotion
from tradewind.contexts.pricing._store import promotions
from tradewind.contracts.messages import Command
from tradewind.kernel.versions import expect
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class ActivatePromotion(Command, frozen=True):
    """`expected`: the version that the caller looked at; None for whichever it is."""

    promotion_id: UUID
    expected: int | None = None


@handler(action="pricing.activate_promotion")
async def activate_promotion(command: ActivatePromotion, tx: Tx) -> Promotion:
    """The promotion after it. Refuses NoSuchPromotion, Outdated, IllegalMove and TooManyPromotions."""
    known = await promotions.get(tx, command.promotion_id, held=True)
    expect(command.expected, known.version)
    state = LIFECYCLE.follow(known.state, Activated)
    if not known.needs_coupon and await promotions.active_for_everybody(tx) >= promotions.MAX_FOR_EVERYBODY:
        raise TooManyPromotions(limit=promotions.MAX_FOR_EVERYBODY)
    tx.audit("pricing.activate_promotion", str(known.id), name=known.name)
    return await promotions.move(tx, known.id, state)
