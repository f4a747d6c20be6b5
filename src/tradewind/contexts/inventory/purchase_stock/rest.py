"""POST /api/v1/inventory/purchases, and what comes of one."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, get, post
from tradewind.contexts.inventory._domain.bundle import NoStockOfItsOwn
from tradewind.contexts.inventory._domain.stock import MAX_DELTA, InvalidAdjustment, NoSuchStock
from tradewind.contexts.inventory._domain.warehouse import CODE
from tradewind.contexts.inventory._store.purchases import NoSuchPurchase, Purchase
from tradewind.contexts.inventory.purchase_stock.command import (
    MAX_LINES,
    MAX_SUPPLIER,
    NOTE,
    ClosePurchase,
    GetPurchase,
    InvalidPurchase,
    MoreThanOrdered,
    PlacePurchase,
    PurchaseClosed,
    ReceivePurchase,
)
from tradewind.contracts.inventory import MAIN, NoSuchWarehouse, WarehouseClosed


class Ordered(Body, frozen=True):
    """So many of one SKU."""

    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    qty: Annotated[int, Meta(ge=1, le=MAX_DELTA)]


class NewPurchase(Body, frozen=True, kw_only=True):
    """What was ordered of whom, and where it shall come."""

    supplier: Annotated[str, Meta(min_length=1, max_length=MAX_SUPPLIER)]
    lines: Annotated[list[Ordered], Meta(min_length=1, max_length=MAX_LINES)]
    warehouse: Annotated[str, Meta(pattern=CODE)] = MAIN


class NewReceipt(Body, frozen=True, kw_only=True):
    """What came, and the number of the note that came along."""

    note: Annotated[str, Meta(pattern=NOTE)]
    lines: Annotated[list[Ordered], Meta(min_length=1, max_length=MAX_LINES)]


def _counted(lines: list[Ordered]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for line in lines:
        counts[line.sku] = counts.get(line.sku, 0) + line.qty
    return counts


@post(
    "/api/v1/inventory/purchases",
    status=201,
    raises=(InvalidPurchase, NoSuchWarehouse, WarehouseClosed, NoSuchStock, NoStockOfItsOwn),
)
async def place_purchase(body: NewPurchase, call: Call, dispatch: Dispatch) -> Purchase:
    """Note what was ordered of a supplier. It counts as coming; nobody can buy it until it has come."""
    command = PlacePurchase(supplier=body.supplier, quantities=_counted(body.lines), warehouse=body.warehouse)
    answer: Purchase = await dispatch(command, call)
    return answer


@post(
    "/api/v1/inventory/purchases/{purchase_id}/receipts",
    raises=(
        NoSuchPurchase, InvalidPurchase, PurchaseClosed, MoreThanOrdered, WarehouseClosed, NoStockOfItsOwn,
        InvalidAdjustment,
    ),
)  # fmt: skip
async def receive_purchase(purchase_id: UUID, body: NewReceipt, call: Call, dispatch: Dispatch) -> Purchase:
    """Book a delivery, which may be a part of what was ordered."""
    command = ReceivePurchase(purchase_id=purchase_id, note=body.note, came=_counted(body.lines))
    answer: Purchase = await dispatch(command, call)
    return answer


@post("/api/v1/inventory/purchases/{purchase_id}/close", raises=(NoSuchPurchase,))
async def close_purchase(purchase_id: UUID, call: Call, dispatch: Dispatch) -> Purchase:
    """Expect nothing more of it."""
    answer: Purchase = await dispatch(ClosePurchase(purchase_id=purchase_id), call)
    return answer


@get("/api/v1/inventory/purchases/{purchase_id}", raises=(NoSuchPurchase,))
async def get_purchase(purchase_id: UUID, call: Call, dispatch: Dispatch) -> Purchase:
    """What was ordered, and how much of it has come."""
    answer: Purchase = await dispatch(GetPurchase(purchase_id=purchase_id), call)
    return answer
