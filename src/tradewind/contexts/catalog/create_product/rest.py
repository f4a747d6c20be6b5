"""POST /api/v1/products."""

from decimal import Decimal
from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.catalog._domain.product import (
    CURRENCY_PATTERN,
    MAX_CATEGORY,
    MAX_NAME,
    SKU_PATTERN,
    InvalidProduct,
    SkuTaken,
)
from tradewind.contexts.catalog._domain.views import ProductView
from tradewind.contexts.catalog.create_product.command import CreateProduct


class NewPrice(Body, frozen=True):
    """An exact decimal amount above zero."""

    amount: Decimal
    currency: Annotated[str, Meta(pattern=CURRENCY_PATTERN)]


class NewProduct(Body, frozen=True):
    """A product to be sold."""

    sku: Annotated[str, Meta(pattern=SKU_PATTERN)]
    name: Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]
    category: Annotated[str, Meta(min_length=1, max_length=MAX_CATEGORY)]
    price: NewPrice


@post("/api/v1/products", status=201, raises=(InvalidProduct, SkuTaken))
async def create_product(body: NewProduct, call: Call, dispatch: Dispatch) -> ProductView:
    """Create a product with its first price.

    Its stock begins at nothing; book what arrives with POST /api/v1/inventory/{sku}/adjustments.
    """
    command = CreateProduct(
        sku=body.sku,
        name=body.name,
        category=body.category,
        amount=body.price.amount,
        currency=body.price.currency,
    )
    answer: ProductView = await dispatch(command, call)
    return answer
