"""POST /api/v1/products/{product_id}/images."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, RawBody, post
from tradewind.contexts.catalog._domain.image import MAX_ALT, MAX_IMAGE_BYTES, READS, InvalidImage, TooManyImages
from tradewind.contexts.catalog._domain.product import NoSuchProduct
from tradewind.contexts.catalog._domain.views import ImageView
from tradewind.contexts.catalog.add_image.command import AddImage
from tradewind.contexts.catalog.add_image.prepare import PrepareImage


@post(
    "/api/v1/products/{product_id}/images",
    status=201,
    raises=(NoSuchProduct, InvalidImage, TooManyImages),
    reads=RawBody(READS, MAX_IMAGE_BYTES),
)
async def add_image(
    product_id: UUID, body: bytes, call: Call, dispatch: Dispatch, alt: Annotated[str, Meta(max_length=MAX_ALT)] = ""
) -> ImageView:
    """Add a picture to a product: the file itself is the body, a JPEG, PNG or WebP of at most 10 MB and 40 megapixels.

    When this answers, its renditions are there, in several widths, as WebP and as JPEG, without anything that the
    camera noted. `alt` says in one line what is to be seen.
    """
    kept = await dispatch(PrepareImage(product_id=product_id, content=body), call)
    answer: ImageView = await dispatch(AddImage(product_id=product_id, picture=kept, alt=alt), call)
    return answer
