"""GET /api/v1/inventory/{sku} and /api/v1/products/{product_id}/stock."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.inventory._domain.stock import NoSuchStock
from tradewind.contexts.inventory.query_stock.kept import ShowStock
from tradewind.contexts.inventory.query_stock.numbers import ShowStockNumbers, StockNumbers
from tradewind.contexts.inventory.query_stock.query import StockView


@get("/api/v1/inventory/{sku}", public=True, raises=(NoSuchStock,))
async def query_stock(sku: str, call: Call, dispatch: Dispatch) -> StockView:
    """How many there are, and how many can still be promised."""
    answer: StockView = await dispatch(ShowStock(sku=sku), call)
    return answer


@get("/api/v1/products/{product_id}/stock", public=True, raises=(NoSuchStock,))
async def query_product_stock(product_id: UUID, call: Call, dispatch: Dispatch) -> StockNumbers:
    """How many of a product there are, in numbers alone: to be asked again and again, while it is sold."""
    answer: StockNumbers = await dispatch(ShowStockNumbers(product_id=product_id), call)
    return answer
