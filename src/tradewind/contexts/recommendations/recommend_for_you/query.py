"""What might please whoever asks, going by what they bought; a stranger sees what others buy."""

from typing import Final

from tradewind.contexts.recommendations._domain.recommendation import (
    MAX_RECOMMENDED,
    Recommendations,
    first_of_each,
)
from tradewind.contexts.recommendations._store import recommendations
from tradewind.contracts.messages import Command
from tradewind.ports.flags import RECOMMENDATIONS, Flags
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

REMEMBERED: Final = 100
"""Products bought last by which one is known."""
LATEST: Final = 3
"""Of those, how many say what one is interested in now."""


class RecommendForYou(Command, frozen=True):
    """See what might please you."""

    limit: int = 10


@query(action="recommendations.for_you")
async def recommend_for_you(command: RecommendForYou, tx: Tx) -> Recommendations:
    """Nothing that was bought already; the popular and the new fill up what is left."""
    if not tx.peer(Flags).on(RECOMMENDATIONS, tx.call.actor.subject):
        return Recommendations(items=[])
    limit = min(command.limit, MAX_RECOMMENDED)
    owned = await recommendations.owned(tx, tx.call.actor.subject, REMEMBERED)
    found = []
    if owned:
        found += await recommendations.bought_with(tx, owned, limit, kind="for-you")
        found += await recommendations.similar_to(tx, owned[:LATEST], limit + len(owned), kind="for-you")
    if len(first_of_each(found, limit, without=owned)) < limit:
        found += await recommendations.popular(tx, limit + len(owned))
        found += await recommendations.new(tx, 2 * limit + len(owned))
    return Recommendations(items=first_of_each(found, limit, without=owned))
