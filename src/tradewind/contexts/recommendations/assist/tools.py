"""The assistant's tools: questions that whoever speaks with it could ask the shop themselves. None writes anything."""

from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from tradewind.contexts.recommendations._domain.recommendation import Recommendations, Recommended
from tradewind.contexts.recommendations._store import recommendations
from tradewind.contexts.recommendations.recommend_for_you.query import RecommendForYou
from tradewind.contexts.recommendations.recommend_with.query import RecommendWith
from tradewind.contexts.recommendations.search_by_meaning.query import WORDS
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Refusal
from tradewind.ports.ai import Tool, ToolUse
from tradewind.ports.search import ProductIndex, Question
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import Asking, query

MAX_FOUND: Final = 8
Words = Annotated[str, Meta(min_length=1, max_length=200)]
Sku = Annotated[str, Meta(min_length=1, max_length=64)]


class SearchProducts(Struct, frozen=True, forbid_unknown_fields=True):
    """Find products by words in their name, maker or description, optionally cheaper than max_price and in stock."""

    words: Words
    max_price: Annotated[float, Meta(gt=0)] | None = None
    in_stock: bool | None = None


class ProductsLike(Struct, frozen=True, forbid_unknown_fields=True):
    """Find products that resemble the one with this SKU."""

    sku: Sku


class BoughtTogether(Struct, frozen=True, forbid_unknown_fields=True):
    """Find products that others bought together with the one with this SKU."""

    sku: Sku


class ForThisBuyer(Struct, frozen=True, forbid_unknown_fields=True):
    """Find products that may please the buyer, going by what they bought before."""


class FindBySku(Command, frozen=True):
    """Which product carries this SKU?"""

    sku: str


@query(action="recommendations.with_product")
async def find_by_sku(command: FindBySku, tx: Tx) -> Recommended:
    """Refuses (NoSuchProduct) what is not sold."""
    return await recommendations.of_sku(tx, command.sku)


async def _search(wanted: SearchProducts, ask: Asking) -> list[Recommended]:
    most = None if wanted.max_price is None else Decimal(str(wanted.max_price))
    question = Question(text=wanted.words, max_price=most, in_stock=wanted.in_stock, limit=MAX_FOUND)
    found = await ask.peer(ProductIndex).search(question)
    return [
        Recommended(
            id=one.id, sku=one.sku, name=one.name, category=one.category, because=WORDS,
            price=one.price.amount, currency=one.price.currency, image=one.image,
        )
        for one in found.items
    ]  # fmt: skip


async def _like(wanted: ProductsLike, ask: Asking) -> list[Recommended]:
    product: Recommended = await ask(FindBySku(sku=wanted.sku))
    found: Recommendations = await ask(RecommendWith(product_id=product.id, kind="similar", limit=MAX_FOUND))
    return found.items


async def _together(wanted: BoughtTogether, ask: Asking) -> list[Recommended]:
    product: Recommended = await ask(FindBySku(sku=wanted.sku))
    found: Recommendations = await ask(RecommendWith(product_id=product.id, limit=MAX_FOUND))
    return found.items


async def _for_buyer(_wanted: ForThisBuyer, ask: Asking) -> list[Recommended]:
    found: Recommendations = await ask(RecommendForYou(limit=MAX_FOUND))
    return found.items


Use = Callable[[Any, Asking], Awaitable[list[Recommended]]]
_USES: Final[Mapping[str, tuple[type[Struct], Use]]] = {
    "search_products": (SearchProducts, _search),
    "products_like": (ProductsLike, _like),
    "bought_together": (BoughtTogether, _together),
    "for_this_buyer": (ForThisBuyer, _for_buyer),
}


def _tool(name: str, wanted: type[Struct]) -> Tool:
    schema = msgspec.json.schema(wanted)
    parameters = schema["$defs"][wanted.__name__] if "$defs" in schema else schema
    return Tool(name=name, description=(wanted.__doc__ or "").strip(), parameters=parameters)


TOOLS: Final = tuple(_tool(name, wanted) for name, (wanted, _) in _USES.items())


async def use(wanted: ToolUse, ask: Asking) -> tuple[str, list[Recommended]]:
    """What the model is told, and what was found. A tool that there is not, or senseless arguments, it is told of."""
    if wanted.name not in _USES:
        return "There is no such tool.", []
    takes, run = _USES[wanted.name]
    try:
        found = await run(msgspec.json.decode(wanted.arguments, type=takes), ask)
    except msgspec.MsgspecError as error:
        return f"These arguments make no sense: {error}", []
    except Refusal as refusal:
        return refusal.detail, []
    shown = [{"sku": one.sku, "name": one.name, "category": one.category, "price": str(one.price or ""),
              "currency": one.currency, "because": one.because.text} for one in found]  # fmt: skip
    return msgspec.json.encode(shown).decode(), found
