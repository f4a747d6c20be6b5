"""The tree of categories, whole."""

from msgspec import Struct

from tradewind.contexts.catalog._domain.category import MAX_CATEGORIES
from tradewind.contexts.catalog._domain.views import CategoryView, category_view
from tradewind.contexts.catalog._store import categories
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query


class ListCategories(Command, frozen=True):
    """All of them."""


class CategoryTree(Struct, frozen=True, kw_only=True, rename="camel"):
    """Every category after the one that it is in, sisters by position, then slug."""

    items: tuple[CategoryView, ...]


@query(action="catalog.list_categories")
async def list_categories(_: ListCategories, tx: Tx) -> CategoryTree:
    """The tree, as one list."""
    tree = await categories.tree(tx, MAX_CATEGORIES)
    places = {one.path: (one.position, one.slug) for one in tree}
    ordered = sorted(tree, key=lambda one: [places[one.path[: n + 1]] for n in range(len(one.path))])
    return CategoryTree(items=tuple(map(category_view, ordered)))
