"""What somebody who has typed so far may be about to type."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from tradewind.contracts.messages import Command
from tradewind.ports.search import MAX_SUGGESTIONS, ProductIndex
from tradewind.runtime.handlers import Asking, outside

SUGGESTIONS: Final = 8


class SuggestProducts(Command, frozen=True):
    """At most `limit` products whose names go on from `text`."""

    text: str = ""
    limit: int = SUGGESTIONS


class Suggestion(Struct, frozen=True, kw_only=True):
    """The name of a product, and which one it is."""

    text: str
    id: UUID
    sku: str


class Suggestions(Struct, frozen=True, kw_only=True):
    """The likeliest first; no two of one name."""

    items: Sequence[Suggestion]


@outside(action="catalog.search_products")
async def suggest_products(command: SuggestProducts, ask: Asking) -> Suggestions:
    """Nothing where nothing was typed."""
    if not command.text.strip():
        return Suggestions(items=())
    limit = max(1, min(command.limit, MAX_SUGGESTIONS))
    found = await ask.peer(ProductIndex).suggest(command.text, limit)
    return Suggestions(items=[Suggestion(text=one.name, id=one.id, sku=one.sku) for one in found])
