"""POST /api/v1/warehouses."""

from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.inventory._domain.warehouse import (
    CODE,
    COUNTRY,
    MAX_ADDRESS,
    MAX_NAME,
    MAX_POSTAL_CODE,
    MAX_PRIORITY,
    InvalidWarehouse,
    TooManyWarehouses,
    Warehouse,
    WarehouseExists,
)
from tradewind.contexts.inventory.list_warehouses.query import WarehouseView
from tradewind.contexts.inventory.open_warehouse.command import OpenWarehouse


class SaidOfWarehouse(Body, frozen=True, kw_only=True):
    """What is said of a warehouse. The lower `priority`, the sooner goods are taken from it."""

    name: Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]
    country: Annotated[str, Meta(pattern=COUNTRY)] | None = None
    postal_code: Annotated[str, Meta(max_length=MAX_POSTAL_CODE)] = ""
    address: Annotated[str, Meta(max_length=MAX_ADDRESS)] = ""
    priority: Annotated[int, Meta(ge=0, le=MAX_PRIORITY)] = 100
    active: bool = True

    def of(self, code: str) -> Warehouse:
        """The warehouse of which it is said."""
        return Warehouse(
            code=code,
            name=self.name,
            country=self.country,
            postal_code=self.postal_code,
            address=self.address,
            priority=self.priority,
            active=self.active,
        )


class NewWarehouse(SaidOfWarehouse, frozen=True, kw_only=True):
    """A place where stock will lie, and the code by which everybody calls it."""

    code: Annotated[str, Meta(pattern=CODE)]


@post("/api/v1/warehouses", status=201, raises=(InvalidWarehouse, WarehouseExists, TooManyWarehouses))
async def open_warehouse(body: NewWarehouse, call: Call, dispatch: Dispatch) -> WarehouseView:
    """Say that there is another warehouse. The one called MAIN has always been there."""
    answer: WarehouseView = await dispatch(OpenWarehouse(warehouse=body.of(body.code)), call)
    return answer
