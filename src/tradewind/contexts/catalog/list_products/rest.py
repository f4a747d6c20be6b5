"""GET /api/v1/products."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.catalog._domain.product import Status
from tradewind.contexts.catalog._domain.views import MAX_PAGE, PAGE, ProductPage
from tradewind.contexts.catalog.list_products.query import ListProducts


@get("/api/v1/products", public=True)
async def list_products(
    call: Call,
    dispatch: Dispatch,
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = PAGE,
    cursor: UUID | None = None,
    sku: str | None = None,
    category: str | None = None,
    status: list[Status] | None = None,
    id: list[UUID] | None = None,  # noqa: A002 -- what clients call it
) -> ProductPage:
    """Leaf through the products, page by page, in the order of their making.

    `next` of one page is the `cursor` of the following one; the last page has none. `sku` finds the one product, or
    variant, that carries it. `category` is a path such as `books/english` (or a root's name) and holds all below it.
    `id` may be given several times. `status` other than ACTIVE is for staff. Variants are shown where `sku` or `id`
    asks for them, and on their parent's own page.
    """
    command = ListProducts(
        limit=limit,
        cursor=cursor,
        sku=sku,
        category=category,
        status=tuple(status or ()),
        ids=None if id is None else tuple(id),
    )
    answer: ProductPage = await dispatch(command, call)
    return answer
