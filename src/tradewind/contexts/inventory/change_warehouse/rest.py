"""PUT /api/v1/warehouses/{code}."""

from tradewind.api.rest import Call, Dispatch, put
from tradewind.contexts.inventory._domain.warehouse import InvalidWarehouse, WarehouseNotEmpty
from tradewind.contexts.inventory.change_warehouse.command import ChangeWarehouse
from tradewind.contexts.inventory.list_warehouses.query import WarehouseView
from tradewind.contexts.inventory.open_warehouse.rest import SaidOfWarehouse
from tradewind.contracts.inventory import NoSuchWarehouse, ReturnsWait


@put("/api/v1/warehouses/{code}", raises=(InvalidWarehouse, NoSuchWarehouse, WarehouseNotEmpty, ReturnsWait))
async def change_warehouse(code: str, body: SaidOfWarehouse, call: Call, dispatch: Dispatch) -> WarehouseView:
    """Say otherwise what there is to say of a warehouse. One that is not active has to be empty, and stays so."""
    answer: WarehouseView = await dispatch(ChangeWarehouse(warehouse=body.of(code)), call)
    return answer
