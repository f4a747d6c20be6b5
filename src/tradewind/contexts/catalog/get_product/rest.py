"""GET /api/v1/products/{product_id}."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.catalog._domain.product import NoSuchProduct
from tradewind.contexts.catalog._domain.views import ProductView
from tradewind.contexts.catalog.get_product.query import GetProduct


@get("/api/v1/products/{product_id}", public=True, raises=(NoSuchProduct,))
async def get_product(product_id: UUID, call: Call, dispatch: Dispatch) -> ProductView:
    """Look at one product."""
    answer: ProductView = await dispatch(GetProduct(product_id=product_id), call)
    return answer
