"""PATCH /api/v1/products/{product_id}."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, IfMatch, patch
from tradewind.contexts.catalog._domain.description import (
    MAX_ATTRIBUTES,
    MAX_BRAND,
    MAX_CATEGORY,
    MAX_DESCRIPTION,
    MAX_NAME,
)
from tradewind.contexts.catalog._domain.product import InvalidProduct, NoSuchProduct, Status, Value
from tradewind.contexts.catalog._domain.views import ProductView
from tradewind.contexts.catalog.update_product.command import UpdateProduct
from tradewind.kernel.lifecycle import IllegalMove


class ProductPatch(Body, frozen=True):
    """What is to be said otherwise; what is left out, or null, stays. `attributes` are replaced as a whole."""

    name: Annotated[str, Meta(min_length=1, max_length=MAX_NAME)] | None = None
    category: Annotated[str, Meta(min_length=1, max_length=MAX_CATEGORY)] | None = None
    description: Annotated[str, Meta(max_length=MAX_DESCRIPTION)] | None = None
    brand: Annotated[str, Meta(max_length=MAX_BRAND)] | None = None
    attributes: Annotated[dict[str, Value], Meta(max_length=MAX_ATTRIBUTES)] | None = None
    status: Status | None = None


@patch("/api/v1/products/{product_id}", raises=(InvalidProduct, NoSuchProduct, IllegalMove))
async def update_product(
    product_id: UUID, body: ProductPatch, if_match: IfMatch, call: Call, dispatch: Dispatch
) -> ProductView:
    """Say something else of a product, or publish, withdraw, archive or restore it by its `status`.

    Its price has a route of its own. A parent's variants that stood where it stood go where it goes.
    """
    command = UpdateProduct(
        product_id=product_id,
        expected=if_match,
        name=body.name,
        category=body.category,
        description=body.description,
        brand=body.brand,
        attributes=body.attributes,
        status=body.status,
    )
    answer: ProductView = await dispatch(command, call)
    return answer
