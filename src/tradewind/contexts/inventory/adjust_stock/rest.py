"""POST /api/v1/inventory/{sku}/adjustments."""

from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.inventory._domain.stock import (
    MAX_DELTA,
    MAX_REASON,
    BelowReserved,
    InvalidAdjustment,
    NoSuchStock,
)
from tradewind.contexts.inventory.adjust_stock.command import AdjustStock
from tradewind.contexts.inventory.query_stock.query import StockView


class Adjustment(Body, frozen=True):
    """So many pieces came, or went where `delta` is negative; never zero."""

    delta: Annotated[int, Meta(ge=-MAX_DELTA, le=MAX_DELTA)]
    reason: Annotated[str, Meta(min_length=1, max_length=MAX_REASON)]


@post(
    "/api/v1/inventory/{sku}/adjustments",
    status=201,
    raises=(InvalidAdjustment, NoSuchStock, BelowReserved),
)
async def adjust_stock(sku: str, body: Adjustment, call: Call, dispatch: Dispatch) -> StockView:
    """Book what came or went otherwise than by an order; answers with the stock after it."""
    answer: StockView = await dispatch(AdjustStock(sku=sku, delta=body.delta, reason=body.reason), call)
    return answer
