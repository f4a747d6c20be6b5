"""Wait for what is not there: first come, first served."""

from uuid import UUID

from tradewind.contexts.inventory._domain.claim import MAX_QUANTITY, InvalidClaim
from tradewind.contexts.inventory._domain.stock import NoSuchStock
from tradewind.contexts.inventory._store import backorders, claims, stock
from tradewind.contexts.inventory._store.backorders import Backorder, Status
from tradewind.contexts.inventory.release_reservations.release import release
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler, query


class QueueBackorder(Command, frozen=True):
    """So many are wanted as soon as they are there. The id is the caller's, so that asking twice waits once."""

    backorder_id: UUID
    sku: str
    quantity: int


class CancelBackorder(Command, frozen=True):
    """They are not wanted any more."""

    backorder_id: UUID


class GetBackorder(Command, frozen=True):
    """One backorder."""

    backorder_id: UUID


@handler(action="inventory.backorder")
async def queue_backorder(command: QueueBackorder, tx: Tx) -> Backorder:
    """It waits, now or since before, or has what it waited for; refuses InvalidClaim and NoSuchStock."""
    if not 1 <= command.quantity <= MAX_QUANTITY:
        raise InvalidClaim(errors=[{"pointer": "/qty", "detail": f"Expected 1 to {MAX_QUANTITY}."}])
    if not await stock.hold(tx, [command.sku]):
        raise NoSuchStock(f"There is no stock of {command.sku}.", sku=command.sku)
    if await backorders.add(tx, command.backorder_id, command.sku, command.quantity):
        await stock.queued(tx, {command.sku: command.quantity})
        tx.audit("inventory.backorder", str(command.backorder_id), sku=command.sku, quantity=command.quantity)
    return await backorders.read(tx, command.backorder_id)


@handler(action="inventory.backorder")
async def cancel_backorder(command: CancelBackorder, tx: Tx) -> Backorder:
    """It waits no more, and what was held for it is free again; refuses NoSuchBackorder."""
    head, status = await backorders.hold(tx, command.backorder_id)
    if status is Status.RESERVED:
        await claims.hold(tx, command.backorder_id)
        await claims.cancel(tx, command.backorder_id)
        await release(tx, [command.backorder_id], "canceled")
    if status is Status.WAITING:
        await stock.hold(tx, [head.sku])
        await stock.queued(tx, {head.sku: -head.quantity})
    if status is not Status.CANCELED:
        await backorders.mark(tx, [command.backorder_id], Status.CANCELED)
        tx.audit("inventory.cancel_backorder", str(command.backorder_id))
    return await backorders.read(tx, command.backorder_id)


@query(action="inventory.backorder")
async def get_backorder(command: GetBackorder, tx: Tx) -> Backorder:
    """The backorder as it stands; refuses NoSuchBackorder."""
    return await backorders.read(tx, command.backorder_id)
