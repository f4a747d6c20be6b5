"""What reviews hold of a person: their reviews, their votes, what they bought."""

from collections.abc import Mapping
from typing import Any

from msgspec import to_builtins

from tradewind.contexts.reviews._domain.views import view
from tradewind.contexts.reviews._store import reviews
from tradewind.contracts.privacy import Person
from tradewind.runtime.database import Tx


class ReviewsOfPerson:
    """Answers to PersonalData."""

    async def export(self, tx: Tx, person: Person) -> Mapping[str, Any]:
        """Every review that the person wrote, and which ones they voted on."""
        written = await reviews.written_by(tx, person.user_id)
        voted = await tx.all(reviews.VOTES_OF, person.user_id)
        if not written and not voted:
            return {}
        return {"reviews": [to_builtins(view(one)) for one in written], "votedOn": [str(r["review_id"]) for r in voted]}

    async def erase(self, tx: Tx, person: Person) -> None:
        """Reviews go, with the words in them, and count no longer; votes stay counted, but are nobody's."""
        for review in await reviews.written_by(tx, person.user_id):
            await tx.run(reviews.DELETE, review.id)
            tx.tell(review.delete())
        await tx.run(reviews.FORGET_VOTER, person.user_id)
        await tx.run(reviews.FORGET_PURCHASES, person.user_id)
