"""The recommendations context's table of contents."""

from pathlib import Path

from tradewind.contexts.recommendations._projections.baskets import baskets
from tradewind.contexts.recommendations._projections.products import products
from tradewind.contexts.recommendations.assist import rest as assist_rest
from tradewind.contexts.recommendations.assist.command import assist
from tradewind.contexts.recommendations.assist.tools import find_by_sku
from tradewind.contexts.recommendations.learn_meanings.timer import LEARN_MEANINGS
from tradewind.contexts.recommendations.personal_data import PurchasesOfPerson
from tradewind.contexts.recommendations.recommend_for_you import rest as recommend_for_you_rest
from tradewind.contexts.recommendations.recommend_for_you.query import recommend_for_you
from tradewind.contexts.recommendations.recommend_with import rest as recommend_with_rest
from tradewind.contexts.recommendations.recommend_with.query import recommend_with
from tradewind.contexts.recommendations.search_by_meaning import rest as search_by_meaning_rest
from tradewind.contexts.recommendations.search_by_meaning.query import find_nearest, search_by_meaning
from tradewind.runtime.manifest import Manifest

__all__ = ["MANIFEST"]

MANIFEST = Manifest(
    name="recommendations",
    migrations=Path(__file__).parent / "migrations",
    handlers=(recommend_with, recommend_for_you, search_by_meaning, find_nearest, find_by_sku, assist),
    routes=(
        recommend_with_rest.recommend_with,
        recommend_for_you_rest.recommend_for_you,
        search_by_meaning_rest.search_by_meaning,
        assist_rest.assist,
    ),
    timers=(LEARN_MEANINGS,),
    subscribers=(products, baskets),
    personal_data=PurchasesOfPerson(),
)
