"""GET /api/v1/products/{product_id}, and by its SKU."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.catalog._domain.product import MAX_SKU, NoSuchProduct
from tradewind.contexts.catalog._domain.views import ProductView
from tradewind.contexts.catalog.get_product.kept import ShowProduct
from tradewind.contexts.catalog.get_product.query import FindProduct


@get("/api/v1/products/{product_id}", public=True, raises=(NoSuchProduct,))
async def get_product(product_id: UUID, call: Call, dispatch: Dispatch) -> ProductView:
    """Look at one product, with its variants.

    Its `ETag` is what PATCH wants as `If-Match`. Staff also see drafts and what is archived.
    """
    answer: ProductView = await dispatch(ShowProduct(product_id=product_id), call)
    return answer


@get("/api/v1/products/by-sku/{sku}", public=True, raises=(NoSuchProduct,))
async def find_product(sku: Annotated[str, Meta(max_length=MAX_SKU)], call: Call, dispatch: Dispatch) -> ProductView:
    """Look at the product that carries a SKU. `GET /api/v1/products?sku=` gives the same one in a list."""
    answer: ProductView = await dispatch(FindProduct(sku=sku), call)
    return answer
