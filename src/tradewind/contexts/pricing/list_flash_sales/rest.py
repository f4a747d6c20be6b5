"""GET /api/v1/flash-sales and /api/v1/flash-sales/{sale_id}."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.pricing._domain.flash_sale import NoSuchFlashSale
from tradewind.contexts.pricing._domain.flash_sale_view import FlashSaleView
from tradewind.contexts.pricing.list_flash_sales.query import (
    MAX_PAGE,
    PAGE,
    FlashSalePage,
    GetFlashSale,
    ListFlashSales,
)
from tradewind.kernel.pages import Cursor, UnfitCursor


@get("/api/v1/flash-sales", public=True, raises=(UnfitCursor,))
async def list_flash_sales(
    call: Call,
    dispatch: Dispatch,
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = PAGE,
    cursor: Cursor | None = None,
) -> FlashSalePage:
    """The flash sales that run and those to come, in the order in which they start."""
    answer: FlashSalePage = await dispatch(ListFlashSales(limit=limit, cursor=cursor), call)
    return answer


@get("/api/v1/flash-sales/{sale_id}", public=True, raises=(NoSuchFlashSale,))
async def get_flash_sale(sale_id: UUID, call: Call, dispatch: Dispatch) -> FlashSaleView:
    """One flash sale, with how many pieces are left."""
    answer: FlashSaleView = await dispatch(GetFlashSale(sale_id=sale_id), call)
    return answer
