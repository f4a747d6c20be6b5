"""PATCH /api/v1/products/{product_id}/images/{image_id}."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, IfMatch, patch
from tradewind.contexts.catalog._domain.image import MAX_ALT, MAX_IMAGES, InvalidImage, NoSuchImage
from tradewind.contexts.catalog._domain.product import NoSuchProduct
from tradewind.contexts.catalog._domain.views import ImageView
from tradewind.contexts.catalog.arrange_image.command import ArrangeImage


class ImagePatch(Body, frozen=True):
    """What is to be otherwise; what is left out stays. `position` counts from 0."""

    alt: Annotated[str, Meta(max_length=MAX_ALT)] | None = None
    position: Annotated[int, Meta(ge=0, le=MAX_IMAGES)] | None = None


@patch(
    "/api/v1/products/{product_id}/images/{image_id}",
    raises=(NoSuchProduct, NoSuchImage, InvalidImage),
)
async def arrange_image(
    product_id: UUID, image_id: UUID, body: ImagePatch, call: Call, dispatch: Dispatch, if_match: IfMatch = None
) -> ImageView:
    """Say something else of a picture, or put it in another place; the first one is what lists show."""
    command = ArrangeImage(
        product_id=product_id, image_id=image_id, expected=if_match, alt=body.alt, position=body.position
    )
    answer: ImageView = await dispatch(command, call)
    return answer
