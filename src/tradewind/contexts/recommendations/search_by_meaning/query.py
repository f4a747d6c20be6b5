"""Find products by what somebody means, in their own words; by the words themselves where no model can be asked."""

from typing import Final

from tradewind.contexts.recommendations._domain.recommendation import (
    MAX_RECOMMENDED,
    Because,
    Recommendations,
    Recommended,
)
from tradewind.contexts.recommendations._store import recommendations
from tradewind.contexts.recommendations._store.meanings import meanings_by
from tradewind.contracts.messages import Command
from tradewind.ports.ai import AiAway, AiProvider
from tradewind.ports.search import ProductIndex, Question
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import Asking, outside, query

MEANT: Final = Because(kind="meaning", text="Means something like what you are looking for")
WORDS: Final = Because(kind="words", text="Has the words that you are looking for")


class SearchByMeaning(Command, frozen=True):
    """See what comes near to what is meant."""

    text: str
    limit: int = 10


class FindNearest(Command, frozen=True):
    """See what is sold whose meaning is nearest to a vector of `model`."""

    model: str
    vector: tuple[float, ...]
    limit: int


@outside(action="recommendations.search")
async def search_by_meaning(command: SearchByMeaning, ask: Asking) -> Recommendations:
    """The model is asked first, then the shop, which answers by words where there is no model, or it is away."""
    limit = min(command.limit, MAX_RECOMMENDED)
    provider = ask.peer(AiProvider)
    if provider.meanings is not None:
        try:
            [vector] = await provider.embed([command.text])
        except AiAway:
            return await _by_words(command.text, limit, ask)
        nearest = FindNearest(model=provider.meanings, vector=tuple(vector), limit=limit)
        found: Recommendations = await ask(nearest)
        if found.items:
            return found
    return await _by_words(command.text, limit, ask)


@query(action="recommendations.find_nearest")
async def find_nearest(command: FindNearest, tx: Tx) -> Recommendations:
    """Some of what is near may not be sold any more; twice as many are looked at."""
    kept = meanings_by(tx.peer(AiProvider))
    nearest = await kept.nearest(tx, command.model, command.vector, 2 * command.limit)
    items = await recommendations.these(tx, [product_id for product_id, _ in nearest], MEANT)
    return Recommendations(items=items[: command.limit])


async def _by_words(text: str, limit: int, ask: Asking) -> Recommendations:
    found = await ask.peer(ProductIndex).search(Question(text=text, limit=limit))
    return Recommendations(
        items=[
            Recommended(
                id=one.id, sku=one.sku, name=one.name, category=one.category, because=WORDS,
                price=one.price.amount, currency=one.price.currency, image=one.image,
            )
            for one in found.items
        ]
    )  # fmt: skip
