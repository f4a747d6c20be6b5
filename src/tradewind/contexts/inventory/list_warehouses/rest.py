"""GET /api/v1/warehouses."""

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.inventory.list_warehouses.query import ListWarehouses, Warehouses


@get("/api/v1/warehouses")
async def list_warehouses(call: Call, dispatch: Dispatch) -> Warehouses:
    """The warehouses, in the order of their priority."""
    answer: Warehouses = await dispatch(ListWarehouses(), call)
    return answer
