"""DELETE /api/v1/products/{product_id}."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, IfMatch, delete
from tradewind.contexts.catalog._domain.product import NoSuchProduct
from tradewind.contexts.catalog.archive_product.command import ArchiveProduct


@delete("/api/v1/products/{product_id}", raises=(NoSuchProduct,))
async def archive_product(product_id: UUID, call: Call, dispatch: Dispatch, if_match: IfMatch = None) -> None:
    """Sell a product no more, and none of its variants.

    It is archived, not forgotten: its SKU stays its own, orders that are placed go on, and PATCH with the status DRAFT
    brings it back.
    """
    await dispatch(ArchiveProduct(product_id=product_id, expected=if_match), call)
