"""GET /api/v1/products/{product_id}/flash-price."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.pricing._domain.flash_sale import NoSuchFlashSale
from tradewind.contexts.pricing.get_flash_price.kept import FlashPrice, ShowFlashPrice


@get("/api/v1/products/{product_id}/flash-price", public=True, raises=(NoSuchFlashSale,))
async def get_flash_price(product_id: UUID, call: Call, dispatch: Dispatch) -> FlashPrice:
    """The price of the flash sale that runs for this product, and until when."""
    answer: FlashPrice = await dispatch(ShowFlashPrice(product_id=product_id), call)
    return answer
