"""POST /api/v1/products."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.catalog._domain.description import (
    CURRENCY_PATTERN,
    MAX_ATTRIBUTES,
    MAX_BRAND,
    MAX_CATEGORY,
    MAX_DESCRIPTION,
    MAX_NAME,
    MAX_OPTIONS,
)
from tradewind.contexts.catalog._domain.product import SKU_PATTERN, InvalidProduct, Kind, SkuTaken, Status, Value
from tradewind.contexts.catalog._domain.views import ProductView
from tradewind.contexts.catalog.create_product.command import CreateProduct


class NewPrice(Body, frozen=True):
    """An exact decimal amount above zero."""

    amount: Decimal
    currency: Annotated[str, Meta(pattern=CURRENCY_PATTERN)]


class NewProduct(Body, frozen=True):
    """A product to be sold. One with `optionNames` is the parent of variants, which are sold in its place."""

    sku: Annotated[str, Meta(pattern=SKU_PATTERN)]
    name: Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]
    category: Annotated[str, Meta(min_length=1, max_length=MAX_CATEGORY)]
    price: NewPrice
    status: Literal["DRAFT", "ACTIVE"] = "ACTIVE"
    kind: Kind = Kind.PHYSICAL
    description: Annotated[str, Meta(max_length=MAX_DESCRIPTION)] = ""
    brand: Annotated[str, Meta(max_length=MAX_BRAND)] = ""
    attributes: Annotated[Mapping[str, Value], Meta(max_length=MAX_ATTRIBUTES)] = {}
    option_names: Annotated[tuple[str, ...], Meta(max_length=MAX_OPTIONS)] = ()


@post("/api/v1/products", status=201, raises=(InvalidProduct, SkuTaken))
async def create_product(body: NewProduct, call: Call, dispatch: Dispatch) -> ProductView:
    """Create a product with its first price.

    Its stock begins at nothing; book what arrives with POST /api/v1/inventory/{sku}/adjustments. `category` is a
    category's path, or a root category's name; any other text is kept as a label.
    """
    command = CreateProduct(
        sku=body.sku,
        name=body.name,
        category=body.category,
        amount=body.price.amount,
        currency=body.price.currency,
        status=Status(body.status),
        kind=body.kind,
        description=body.description,
        brand=body.brand,
        attributes=body.attributes,
        option_names=body.option_names,
    )
    answer: ProductView = await dispatch(command, call)
    return answer
