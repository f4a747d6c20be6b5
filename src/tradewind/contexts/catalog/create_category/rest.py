"""POST /api/v1/categories."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.catalog._domain.category import (
    MAX_SLUG,
    SLUG_PATTERN,
    InvalidCategory,
    NoSuchCategory,
    SlugTaken,
    TreeFull,
)
from tradewind.contexts.catalog._domain.description import MAX_CATEGORY
from tradewind.contexts.catalog._domain.views import CategoryView
from tradewind.contexts.catalog.create_category.command import CreateCategory

Position = Annotated[int, Meta(ge=0, le=1_000_000)]
"""Where a category stands beside its sisters; those of one position by their slugs."""


class NewCategory(Body, frozen=True):
    """A place for products."""

    name: Annotated[str, Meta(min_length=1, max_length=MAX_CATEGORY)]
    parent_id: UUID | None = None
    slug: Annotated[str, Meta(pattern=SLUG_PATTERN, max_length=MAX_SLUG)] | None = None
    position: Position = 0


@post("/api/v1/categories", status=201, raises=(InvalidCategory, NoSuchCategory, SlugTaken, TreeFull))
async def create_category(body: NewCategory, call: Call, dispatch: Dispatch) -> CategoryView:
    """Create a category, at the root or below another one. Without `slug` it is made from the name."""
    command = CreateCategory(name=body.name, parent_id=body.parent_id, slug=body.slug, position=body.position)
    answer: CategoryView = await dispatch(command, call)
    return answer
