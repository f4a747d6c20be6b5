"""Let a promotion never count again; it is kept."""

from uuid import UUID

from tradewind.contexts.pricing._domain.promotion import LIFECYCLE, Ended
from tradewind.contexts.pricing._domain.promotion_view import Promotion
from tradewind.contexts.pricing._store import promotions
from tradewind.contracts.messages import Command
from tradewind.kernel.versions import expect
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class EndPromotion(Command, frozen=True):
    """`expected`: the version that the caller looked at; None for whichever it is."""

    promotion_id: UUID
    expected: int | None = None


@handler(action="pricing.end_promotion")
async def end_promotion(command: EndPromotion, tx: Tx) -> Promotion:
    """The promotion after it. Refuses NoSuchPromotion, Outdated, IllegalMove."""
    known = await promotions.get(tx, command.promotion_id, held=True)
    expect(command.expected, known.version)
    state = LIFECYCLE.follow(known.state, Ended)
    tx.audit("pricing.end_promotion", str(known.id), name=known.name)
    return await promotions.move(tx, known.id, state)
