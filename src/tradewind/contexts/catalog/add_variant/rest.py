"""POST /api/v1/products/{product_id}/variants."""

from collections.abc import Mapping
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.catalog._domain.description import MAX_ATTRIBUTES, MAX_OPTIONS
from tradewind.contexts.catalog._domain.product import (
    SKU_PATTERN,
    FirstPrice,
    InvalidProduct,
    NoSuchProduct,
    SkuTaken,
    Status,
    Value,
)
from tradewind.contexts.catalog._domain.views import ProductView
from tradewind.contexts.catalog.add_variant.command import AddVariant, NoVariants, SuchVariantExists, TooManyVariants
from tradewind.contexts.catalog.create_product.rest import NewPrice


class NewVariant(Body, frozen=True):
    """A variant to be sold; name, category and description are its parent's."""

    sku: Annotated[str, Meta(pattern=SKU_PATTERN)]
    options: Annotated[dict[str, str], Meta(min_length=1, max_length=MAX_OPTIONS)]
    price: NewPrice | None = None
    attributes: Annotated[Mapping[str, Value], Meta(max_length=MAX_ATTRIBUTES)] = {}
    status: Literal["DRAFT", "ACTIVE"] = "ACTIVE"


@post(
    "/api/v1/products/{product_id}/variants",
    status=201,
    raises=(NoSuchProduct, NoVariants, InvalidProduct, SkuTaken, SuchVariantExists, TooManyVariants),
)
async def add_variant(product_id: UUID, body: NewVariant, call: Call, dispatch: Dispatch) -> ProductView:
    """Give a product with `optionNames` another variant, with a price and a stock of its own.

    Without `price` it costs what its parent says. It is published with its parent, no sooner.
    """
    command = AddVariant(
        parent_id=product_id,
        sku=body.sku,
        options=body.options,
        price=FirstPrice(body.price.amount, body.price.currency) if body.price else None,
        attributes=body.attributes,
        status=Status(body.status),
    )
    answer: ProductView = await dispatch(command, call)
    return answer
