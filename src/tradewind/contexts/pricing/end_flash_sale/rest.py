"""POST /api/v1/flash-sales/{sale_id}/end."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, post
from tradewind.contexts.pricing._domain.flash_sale import NoSuchFlashSale
from tradewind.contexts.pricing._domain.flash_sale_view import FlashSaleView
from tradewind.contexts.pricing.end_flash_sale.command import EndFlashSale
from tradewind.kernel.lifecycle import IllegalMove


@post("/api/v1/flash-sales/{sale_id}/end", status=200, raises=(NoSuchFlashSale, IllegalMove))
async def end_flash_sale(sale_id: UUID, call: Call, dispatch: Dispatch) -> FlashSaleView:
    """End a flash sale before its time; the usual price counts again. For merchandisers."""
    answer: FlashSaleView = await dispatch(EndFlashSale(sale_id=sale_id), call)
    return answer
