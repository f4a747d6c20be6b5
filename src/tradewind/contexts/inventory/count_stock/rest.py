"""POST /api/v1/inventory/stocktakes, and what was found."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, get, post
from tradewind.contexts.inventory._domain.bundle import NoStockOfItsOwn
from tradewind.contexts.inventory._domain.stock import MAX_ON_HAND, BelowReserved, InvalidAdjustment, NoSuchStock
from tradewind.contexts.inventory._domain.warehouse import CODE
from tradewind.contexts.inventory._store.stocktakes import NoSuchStocktake, Stocktake
from tradewind.contexts.inventory.count_stock.command import (
    MAX_COUNTED,
    AlreadyCounted,
    CloseStocktake,
    GetStocktake,
    InvalidCount,
    OpenStocktake,
)
from tradewind.contracts.inventory import MAIN, NoSuchWarehouse


class NewStocktake(Body, frozen=True, kw_only=True):
    """Which SKUs are counted, and where."""

    skus: Annotated[list[Annotated[str, Meta(min_length=1, max_length=64)]], Meta(min_length=1, max_length=MAX_COUNTED)]
    warehouse: Annotated[str, Meta(pattern=CODE)] = MAIN


class Found(Body, frozen=True, kw_only=True):
    """SKU to pieces that lay there when the stocktake was opened."""

    counted: dict[str, Annotated[int, Meta(ge=0, le=MAX_ON_HAND)]]


@post(
    "/api/v1/inventory/stocktakes",
    status=201,
    raises=(InvalidCount, NoSuchWarehouse, NoSuchStock, NoStockOfItsOwn),
)
async def open_stocktake(body: NewStocktake, call: Call, dispatch: Dispatch) -> Stocktake:
    """Note what the books say; then go and count. The shop goes on selling meanwhile."""
    answer: Stocktake = await dispatch(OpenStocktake(warehouse=body.warehouse, skus=body.skus), call)
    return answer


@post(
    "/api/v1/inventory/stocktakes/{stocktake_id}/counts",
    raises=(NoSuchStocktake, InvalidCount, AlreadyCounted, BelowReserved, InvalidAdjustment, NoStockOfItsOwn),
)
async def close_stocktake(stocktake_id: UUID, body: Found, call: Call, dispatch: Dispatch) -> Stocktake:
    """Book the difference between what was found and what the books said when the stocktake was opened."""
    answer: Stocktake = await dispatch(CloseStocktake(stocktake_id=stocktake_id, counted=body.counted), call)
    return answer


@get("/api/v1/inventory/stocktakes/{stocktake_id}", raises=(NoSuchStocktake,))
async def get_stocktake(stocktake_id: UUID, call: Call, dispatch: Dispatch) -> Stocktake:
    """How a stocktake stands."""
    answer: Stocktake = await dispatch(GetStocktake(stocktake_id=stocktake_id), call)
    return answer
