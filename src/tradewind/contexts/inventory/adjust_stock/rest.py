"""POST /api/v1/inventory/{sku}/adjustments."""

from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.inventory._domain.bundle import NoStockOfItsOwn
from tradewind.contexts.inventory._domain.stock import (
    MAX_DELTA,
    MAX_REASON,
    BelowReserved,
    InvalidAdjustment,
    NoSuchStock,
)
from tradewind.contexts.inventory._domain.warehouse import CODE
from tradewind.contexts.inventory.adjust_stock.command import AdjustStock
from tradewind.contexts.inventory.query_stock.query import StockView
from tradewind.contracts.inventory import MAIN, NoSuchWarehouse, WarehouseClosed


class Adjustment(Body, frozen=True):
    """So many pieces came, or went where `delta` is negative; never zero."""

    delta: Annotated[int, Meta(ge=-MAX_DELTA, le=MAX_DELTA)]
    reason: Annotated[str, Meta(min_length=1, max_length=MAX_REASON)]
    warehouse: Annotated[str, Meta(pattern=CODE)] = MAIN


@post(
    "/api/v1/inventory/{sku}/adjustments",
    status=201,
    raises=(InvalidAdjustment, NoSuchStock, BelowReserved, NoStockOfItsOwn, NoSuchWarehouse, WarehouseClosed),
)
async def adjust_stock(sku: str, body: Adjustment, call: Call, dispatch: Dispatch) -> StockView:
    """Book what came or went otherwise than by an order; answers with the stock after it."""
    command = AdjustStock(sku=sku, delta=body.delta, reason=body.reason, warehouse=body.warehouse)
    answer: StockView = await dispatch(command, call)
    return answer
