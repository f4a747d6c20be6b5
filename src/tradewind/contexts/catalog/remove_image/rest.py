"""DELETE /api/v1/products/{product_id}/images/{image_id}."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, IfMatch, delete
from tradewind.contexts.catalog._domain.image import NoSuchImage
from tradewind.contexts.catalog._domain.product import NoSuchProduct
from tradewind.contexts.catalog.remove_image.command import RemoveImage


@delete("/api/v1/products/{product_id}/images/{image_id}", raises=(NoSuchProduct, NoSuchImage))
async def remove_image(
    product_id: UUID, image_id: UUID, call: Call, dispatch: Dispatch, if_match: IfMatch = None
) -> None:
    """Take a picture off a product. Its address answers no more, unless another product shows the same picture."""
    await dispatch(RemoveImage(product_id=product_id, image_id=image_id, expected=if_match), call)
