"""GET /api/v1/inventory/{sku}."""

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.inventory._domain.stock import NoSuchStock
from tradewind.contexts.inventory.query_stock.kept import ShowStock
from tradewind.contexts.inventory.query_stock.query import StockView


@get("/api/v1/inventory/{sku}", public=True, raises=(NoSuchStock,))
async def query_stock(sku: str, call: Call, dispatch: Dispatch) -> StockView:
    """How many there are, and how many can still be promised."""
    answer: StockView = await dispatch(ShowStock(sku=sku), call)
    return answer
