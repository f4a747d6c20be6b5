"""The SQL of catalog.categories. Whoever changes the tree holds all of it: it is small, and seldom changed."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from tradewind.contexts.catalog._domain.category import Category
from tradewind.runtime.database import Tx

HOLD_TREE: Final = "SELECT pg_advisory_xact_lock(hashtext('catalog.categories'))"
ALL: Final = """
    SELECT id, name, slug, path, parent_id, position, version FROM catalog.categories ORDER BY path, id LIMIT $1
"""
NAMED: Final = """
    SELECT id, name, slug, path, parent_id, position, version FROM catalog.categories
    WHERE array_to_string(path, '/') = $1 OR (parent_id IS NULL AND name = $1)
    ORDER BY (array_to_string(path, '/') = $1) DESC LIMIT 1
"""
ADD: Final = """
    INSERT INTO catalog.categories (id, name, slug, path, parent_id, position)
    SELECT u.id, u.name, u.slug, string_to_array(u.path, '/'), u.parent_id, u.position
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::int[])
        AS u (id, name, slug, path, parent_id, position)
"""
WRITE: Final = """
    UPDATE catalog.categories AS c SET name = u.name, slug = u.slug, path = string_to_array(u.path, '/'),
        parent_id = u.parent_id, position = u.position, version = u.version
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::int[], $7::int[])
        AS u (id, name, slug, path, parent_id, position, version)
    WHERE c.id = u.id
"""
RENAME: Final = "UPDATE catalog.products SET category = $2 WHERE category_id = $1 AND category <> $2"


async def hold_tree(tx: Tx, limit: int) -> dict[UUID, Category]:
    """Every category by id; nobody else changes the tree until the transaction ends."""
    await tx.run(HOLD_TREE)
    return {one.id: one for one in await tree(tx, limit)}


async def tree(tx: Tx, limit: int) -> list[Category]:
    """Every category, each after the one that it is in; at most `limit`."""
    return [_category(row) for row in await tx.all(ALL, limit)]


async def named(tx: Tx, name: str) -> Category | None:
    """The category at the path `a/b/c`, or the one at the root with this name."""
    row = await tx.row(NAMED, name)
    return None if row is None else _category(row)


async def add(tx: Tx, categories: Sequence[Category]) -> None:
    """Write new ones, each after the one that it is in."""
    await tx.run(ADD, *_columns(categories))


async def write(tx: Tx, categories: Sequence[Category]) -> None:
    """Write what has changed."""
    await tx.run(WRITE, *_columns(categories), [one.version for one in categories])


async def rename(tx: Tx, category: Category) -> None:
    """Let the category's products show its name."""
    await tx.run(RENAME, category.id, category.name)


def _columns(categories: Sequence[Category]) -> list[list[Any]]:
    rows = [(one.id, one.name, one.slug, "/".join(one.path), one.parent_id, one.position) for one in categories]
    return [list(column) for column in zip(*rows, strict=True)]


def _category(row: Any) -> Category:
    return Category(
        id=row["id"],
        name=row["name"],
        slug=row["slug"],
        path=tuple(row["path"]),
        parent_id=row["parent_id"],
        position=row["position"],
        version=row["version"],
    )
