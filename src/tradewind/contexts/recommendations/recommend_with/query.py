"""What goes with one product: bought together with it, or like it; where little is known, what is popular or new."""

from typing import Literal
from uuid import UUID

from tradewind.contexts.recommendations._domain.recommendation import (
    MAX_RECOMMENDED,
    Recommendations,
    Recommended,
    first_of_each,
)
from tradewind.contexts.recommendations._store import recommendations
from tradewind.contracts.messages import Command
from tradewind.ports.flags import RECOMMENDATIONS, Flags
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query


class RecommendWith(Command, frozen=True):
    """See what goes with a product."""

    product_id: UUID
    kind: Literal["bought-together", "similar"] = "bought-together"
    limit: int = 10


@query(action="recommendations.with_product")
async def recommend_with(command: RecommendWith, tx: Tx) -> Recommendations:
    """What was asked for comes first; the other kind, the popular of its category and the new fill up what is left."""
    if not tx.peer(Flags).on(RECOMMENDATIONS, tx.call.actor.subject):
        return Recommendations(items=[])
    limit = min(command.limit, MAX_RECOMMENDED)
    category = await recommendations.category_of(tx, command.product_id)
    ids = [command.product_id]
    found: list[Recommended] = []

    def enough() -> bool:
        return len(first_of_each(found, limit, without=ids)) == limit

    sources = [recommendations.bought_with, recommendations.similar_to]
    for source in sources if command.kind == "bought-together" else reversed(sources):
        if not enough():
            found += await source(tx, ids, limit)
    if not enough():
        found += await recommendations.popular(tx, limit + 1, category)
    if not enough():
        found += await recommendations.new(tx, 2 * limit + 1)
    return Recommendations(items=first_of_each(found, limit, without=ids))
