"""PUT /api/v1/shipping/product-sizes/{sku}."""

from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, put
from tradewind.contexts.shipping._domain.parcel import MAX_SIDE_MM, MAX_WEIGHT_G, Size
from tradewind.contexts.shipping.measure_product.command import Measured, MeasureProduct

Side = Annotated[int, Meta(ge=1, le=MAX_SIDE_MM)]


class NewSize(Body, frozen=True):
    """What a piece weighs in grams, and its sides in millimetres, as it is packed."""

    weight_g: Annotated[int, Meta(ge=1, le=MAX_WEIGHT_G)]
    length_mm: Side
    width_mm: Side
    height_mm: Side


@put("/api/v1/shipping/product-sizes/{sku}")
async def measure_product(
    sku: Annotated[str, Meta(min_length=1, max_length=64)], body: NewSize, call: Call, dispatch: Dispatch
) -> Measured:
    """Write what a piece weighs and how large it is; carriage is charged by the greater of both."""
    size = Size(weight_g=body.weight_g, length_mm=body.length_mm, width_mm=body.width_mm, height_mm=body.height_mm)
    answer: Measured = await dispatch(MeasureProduct(sku=sku, size=size), call)
    return answer
