"""A category and its place in the tree: pure."""

import re
import unicodedata
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.catalog._domain.description import MAX_CATEGORY, text
from tradewind.contracts.catalog import CategoryCreated, CategoryUpdated
from tradewind.kernel.errors import Conflict, Invalid, NotFound

SLUG_PATTERN: Final = r"^[a-z0-9]+(-[a-z0-9]+)*$"
MAX_SLUG: Final = 100
MAX_DEPTH: Final = 8
MAX_CATEGORIES: Final = 5_000
"""All that a shop has: the tree is listed and moved whole."""
_SLUG = re.compile(SLUG_PATTERN)
_APART = re.compile(r"[^a-z0-9]+")


class InvalidCategory(Invalid):
    """The description of the category breaks a rule. `errors` names each."""


class NoSuchCategory(NotFound):
    """There is no such category."""


class SlugTaken(Conflict):
    """A category beside it has this slug."""


class CategoryInItself(Conflict):
    """A category cannot be moved below itself."""


class TreeFull(Conflict):
    """The tree is as deep, or as large, as it may be."""


class Category(Struct, frozen=True, kw_only=True):
    """A place for products. `path` holds the slugs from the root down to its own."""

    id: UUID
    name: str
    slug: str
    path: tuple[str, ...]
    parent_id: UUID | None = None
    position: int = 0
    version: int = 1

    def created(self) -> CategoryCreated:
        """What is told of a new one."""
        return CategoryCreated(**_told(self))

    def updated(self) -> CategoryUpdated:
        """What is told of one that has another name or place."""
        return CategoryUpdated(**_told(self))


def _told(category: Category) -> dict[str, Any]:
    return {
        "category_id": category.id,
        "name": category.name,
        "slug": category.slug,
        "parent_id": category.parent_id,
        "path": category.path,
        "position": category.position,
    }


def check(name: str, slug: str) -> None:
    """Refuse (InvalidCategory) what cannot be a category's name or slug."""
    errors = list(text("/name", name, MAX_CATEGORY))
    if not _SLUG.fullmatch(slug) or len(slug) > MAX_SLUG:
        detail = f"Expected up to {MAX_SLUG} small letters and digits, parted by single dashes."
        errors.append({"pointer": "/slug", "detail": detail})
    if errors:
        raise InvalidCategory(errors=errors)


def slug_of(name: str) -> str:
    """A name as it stands in addresses: `Kinder- & Jugendbücher` is `kinder-jugendbucher`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = _APART.sub("-", plain).strip("-")[:MAX_SLUG].strip("-")
    return slug or f"c-{sha256(name.encode()).hexdigest()[:8]}"
