"""POST /api/v1/inventory/transfers, and what becomes of one."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, get, post
from tradewind.contexts.inventory._domain.bundle import NoStockOfItsOwn
from tradewind.contexts.inventory._domain.stock import MAX_DELTA, BelowReserved, NoSuchStock
from tradewind.contexts.inventory._domain.warehouse import CODE
from tradewind.contexts.inventory._store.transfers import NoSuchTransfer, Transfer
from tradewind.contexts.inventory.transfer_stock.command import (
    MAX_LINES,
    AlreadyReceived,
    GetTransfer,
    InvalidTransfer,
    ReceiveTransfer,
    SendTransfer,
)
from tradewind.contracts.inventory import NoSuchWarehouse, WarehouseClosed


class Pieces(Body, frozen=True):
    """So many of one SKU."""

    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    qty: Annotated[int, Meta(ge=0, le=MAX_DELTA)]


class NewTransfer(Body, frozen=True, kw_only=True):
    """What goes from where to where."""

    source: Annotated[str, Meta(pattern=CODE)]
    target: Annotated[str, Meta(pattern=CODE)]
    lines: Annotated[list[Pieces], Meta(min_length=1, max_length=MAX_LINES)]


class Arrival(Body, frozen=True, kw_only=True):
    """What came; without lines, all of it. What is not named is lost."""

    lines: Annotated[list[Pieces], Meta(max_length=MAX_LINES)] | None = None


def _counted(lines: list[Pieces]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for line in lines:
        counts[line.sku] = counts.get(line.sku, 0) + line.qty
    return counts


@post(
    "/api/v1/inventory/transfers",
    status=201,
    raises=(InvalidTransfer, NoSuchWarehouse, WarehouseClosed, NoSuchStock, NoStockOfItsOwn, BelowReserved),
)
async def send_transfer(body: NewTransfer, call: Call, dispatch: Dispatch) -> Transfer:
    """Send goods to another warehouse. They leave this one at once, and nobody can buy them until they have come."""
    command = SendTransfer(source=body.source, target=body.target, quantities=_counted(body.lines))
    answer: Transfer = await dispatch(command, call)
    return answer


@post(
    "/api/v1/inventory/transfers/{transfer_id}/receive",
    raises=(NoSuchTransfer, InvalidTransfer, AlreadyReceived),
)
async def receive_transfer(transfer_id: UUID, body: Arrival, call: Call, dispatch: Dispatch) -> Transfer:
    """Book what came."""
    came = None if body.lines is None else _counted(body.lines)
    answer: Transfer = await dispatch(ReceiveTransfer(transfer_id=transfer_id, came=came), call)
    return answer


@get("/api/v1/inventory/transfers/{transfer_id}", raises=(NoSuchTransfer,))
async def get_transfer(transfer_id: UUID, call: Call, dispatch: Dispatch) -> Transfer:
    """How a transfer stands."""
    answer: Transfer = await dispatch(GetTransfer(transfer_id=transfer_id), call)
    return answer
