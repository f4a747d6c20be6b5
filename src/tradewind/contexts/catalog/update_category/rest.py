"""PATCH /api/v1/categories/{category_id}."""

from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from tradewind.api.rest import Body, Call, Dispatch, IfMatch, patch
from tradewind.contexts.catalog._domain.category import (
    MAX_SLUG,
    SLUG_PATTERN,
    CategoryInItself,
    InvalidCategory,
    NoSuchCategory,
    SlugTaken,
    TreeFull,
)
from tradewind.contexts.catalog._domain.description import MAX_CATEGORY
from tradewind.contexts.catalog._domain.views import CategoryView
from tradewind.contexts.catalog.create_category.rest import Position
from tradewind.contexts.catalog.update_category.command import UpdateCategory


class CategoryPatch(Body, frozen=True):
    """What is to be otherwise; what is left out stays. `parentId` null moves it to the root."""

    name: Annotated[str, Meta(min_length=1, max_length=MAX_CATEGORY)] | None = None
    slug: Annotated[str, Meta(pattern=SLUG_PATTERN, max_length=MAX_SLUG)] | None = None
    position: Position | None = None
    parent_id: UUID | UnsetType | None = UNSET


@patch(
    "/api/v1/categories/{category_id}",
    raises=(InvalidCategory, NoSuchCategory, SlugTaken, CategoryInItself, TreeFull),
)
async def update_category(
    category_id: UUID, body: CategoryPatch, if_match: IfMatch, call: Call, dispatch: Dispatch
) -> CategoryView:
    """Give a category another name, slug or place; all that is below it moves along."""
    command = UpdateCategory(
        category_id=category_id,
        expected=if_match,
        name=body.name,
        slug=body.slug,
        position=body.position,
        parent_id=body.parent_id,
    )
    answer: CategoryView = await dispatch(command, call)
    return answer
