"""Let a review through, or hold it back with a reason."""

from uuid import UUID

from tradewind.contexts.reviews._domain.views import ReviewView, view
from tradewind.contexts.reviews._store import reviews
from tradewind.contracts.messages import Command
from tradewind.kernel.versions import expect
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class ModerateReview(Command, frozen=True):
    """A moderator's word. `why` is shown to the author of a review that is held back."""

    review_id: UUID
    accepted: bool
    why: str | None = None
    if_version: int | None = None


@handler(action="reviews.moderate")
async def moderate_review(command: ModerateReview, tx: Tx) -> ReviewView:
    """What was edited since the moderator looked is not let through by a word about something else (`if_version`)."""
    review = await reviews.lock(tx, command.review_id)
    expect(command.if_version, review.version)
    moderated, told = review.moderate(accepted=command.accepted, why=command.why)
    if told:
        moderated = await reviews.write(tx, moderated)
        tx.tell(*told)
        tx.audit("reviews.moderate", str(review.id), accepted=command.accepted)
    return view(moderated)
