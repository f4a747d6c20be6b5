"""Give a category another name or place."""

from collections.abc import Mapping
from uuid import UUID

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from tradewind.contexts.catalog._domain.category import (
    MAX_CATEGORIES,
    MAX_DEPTH,
    Category,
    CategoryInItself,
    NoSuchCategory,
    SlugTaken,
    TreeFull,
    check,
)
from tradewind.contexts.catalog._domain.views import CategoryView, category_view
from tradewind.contexts.catalog._store import categories
from tradewind.contracts.messages import Command
from tradewind.kernel.versions import expect
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class UpdateCategory(Command, frozen=True):
    """What is None stays; `parent_id` stays where it is not set, and None moves to the root."""

    category_id: UUID
    expected: int | None = None
    name: str | None = None
    slug: str | None = None
    position: int | None = None
    parent_id: UUID | UnsetType | None = UNSET


@handler(action="catalog.update_category")
async def update_category(command: UpdateCategory, tx: Tx) -> CategoryView:
    """The category in its place, all below it told too.

    Refuses with NoSuchCategory, Outdated, InvalidCategory, SlugTaken, CategoryInItself, TreeFull.
    """
    tree = await categories.hold_tree(tx, MAX_CATEGORIES)
    was = tree.get(command.category_id)
    if was is None:
        raise NoSuchCategory(category_id=str(command.category_id))
    expect(command.expected, was.version)
    now = _placed(command, was, tree)
    if now == was:
        return category_view(was)
    now = replace(now, version=was.version + 1)
    moved = [now] if now.path == was.path else [now, *_below(was, now, tree)]
    await categories.write(tx, moved)
    if now.name != was.name:
        await categories.rename(tx, now)
    tx.tell(*(one.updated() for one in moved))
    tx.audit("catalog.update_category", "/".join(now.path), was="/".join(was.path), moved=len(moved))
    return category_view(now)


def _placed(command: UpdateCategory, was: Category, tree: Mapping[UUID, Category]) -> Category:
    """The category as it shall be; refuses a place where it cannot be."""
    name, slug = command.name or was.name, command.slug or was.slug
    check(name, slug)
    parent_id = was.parent_id if isinstance(command.parent_id, UnsetType) else command.parent_id
    above = None if parent_id is None else tree.get(parent_id)
    if parent_id is not None and above is None:
        raise NoSuchCategory(category_id=str(parent_id))
    if above is not None and above.path[: len(was.path)] == was.path:
        raise CategoryInItself(path="/".join(above.path))
    path = (*(above.path if above else ()), slug)
    if any(one.path == path and one.id != was.id for one in tree.values()):
        raise SlugTaken(slug=slug)
    position = was.position if command.position is None else command.position
    return replace(was, name=name, slug=slug, parent_id=parent_id, path=path, position=position)


def _below(was: Category, now: Category, tree: Mapping[UUID, Category]) -> list[Category]:
    """Everything below, with the paths that it has there."""
    depth = len(was.path)
    below = [one for one in tree.values() if one.path[:depth] == was.path and one.id != was.id]
    moved = [replace(one, path=(*now.path, *one.path[depth:]), version=one.version + 1) for one in below]
    if any(len(one.path) > MAX_DEPTH for one in [now, *moved]):
        raise TreeFull(limit=MAX_CATEGORIES, depth=MAX_DEPTH)
    return moved
