"""Grow the tree of categories."""

from uuid import UUID

from tradewind.contexts.catalog._domain.category import (
    MAX_CATEGORIES,
    MAX_DEPTH,
    Category,
    NoSuchCategory,
    SlugTaken,
    TreeFull,
    check,
    slug_of,
)
from tradewind.contexts.catalog._domain.views import CategoryView, category_view
from tradewind.contexts.catalog._store import categories
from tradewind.contracts.messages import Command
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class CreateCategory(Command, frozen=True):
    """Below `parent_id`, or at the root. Without `slug` it is made from the name."""

    name: str
    parent_id: UUID | None = None
    slug: str | None = None
    position: int = 0


@handler(action="catalog.create_category")
async def create_category(command: CreateCategory, tx: Tx) -> CategoryView:
    """The category; refuses with InvalidCategory, NoSuchCategory (the parent), SlugTaken, TreeFull."""
    slug = command.slug or slug_of(command.name)
    check(command.name, slug)
    tree = await categories.hold_tree(tx, MAX_CATEGORIES + 1)
    above = None if command.parent_id is None else tree.get(command.parent_id)
    if command.parent_id is not None and above is None:
        raise NoSuchCategory(category_id=str(command.parent_id))
    path = (*(above.path if above else ()), slug)
    if len(tree) >= MAX_CATEGORIES or len(path) > MAX_DEPTH:
        raise TreeFull(limit=MAX_CATEGORIES, depth=MAX_DEPTH)
    if any(one.path == path for one in tree.values()):
        raise SlugTaken(slug=slug)
    category = Category(
        id=new_id(), name=command.name, slug=slug, path=path, parent_id=command.parent_id, position=command.position
    )
    await categories.add(tx, [category])
    tx.tell(category.created())
    tx.audit("catalog.create_category", "/".join(path), category_id=str(category.id))
    return category_view(category)
