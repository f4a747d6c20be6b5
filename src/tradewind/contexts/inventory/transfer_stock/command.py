"""Send goods from one warehouse to another, and book what came: meanwhile they are in neither."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from tradewind.contexts.inventory._store import stock, transfers, warehouses
from tradewind.contexts.inventory._store.stock import Change
from tradewind.contexts.inventory._store.transfers import Status, Transfer
from tradewind.contexts.inventory.adjust_stock.many import book, hold_plain
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Conflict, Invalid
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler, query

MAX_LINES: Final = 500


class InvalidTransfer(Invalid):
    """What is to be sent, or came, breaks a rule."""


class AlreadyReceived(Conflict):
    """Somebody else has booked what came of it, and it was something else."""


class SendTransfer(Command, frozen=True):
    """Take these from `source`, for `target`."""

    source: str
    target: str
    quantities: Mapping[str, int]


class ReceiveTransfer(Command, frozen=True):
    """So many came; what is not named did not. None: all of it."""

    transfer_id: UUID
    came: Mapping[str, int] | None = None


class GetTransfer(Command, frozen=True):
    """One transfer."""

    transfer_id: UUID


@handler(action="inventory.transfer")
async def send_transfer(command: SendTransfer, tx: Tx) -> Transfer:
    """It is on its way. Refuses InvalidTransfer, NoSuchWarehouse, WarehouseClosed, NoSuchStock and BelowReserved."""
    wanted = command.quantities
    if command.source == command.target or not 1 <= len(wanted) <= MAX_LINES or min(wanted.values()) < 1:
        raise InvalidTransfer(f"Expected two warehouses, and 1 to {MAX_LINES} SKUs with at least one piece of each.")
    await warehouses.let_in(tx, command.source, closed=True)
    await warehouses.let_in(tx, command.target)
    held = await hold_plain(tx, [(sku, command.source) for sku in wanted])
    transfer_id = new_id()
    await transfers.add(tx, transfer_id, command.source, command.target, wanted)
    gone = [
        Change(sku, command.source, -quantity, f"transfer:{transfer_id}:out:{sku}") for sku, quantity in wanted.items()
    ]
    book(tx, held, gone, f"transfer to {command.target}")
    tx.audit("inventory.send_transfer", str(transfer_id), source=command.source, target=command.target)
    return await transfers.read(tx, transfer_id)


@handler(action="inventory.transfer")
async def receive_transfer(command: ReceiveTransfer, tx: Tx) -> Transfer:
    """It is there, and what did not come is lost. Twice the same is booked once.

    Refuses NoSuchTransfer, InvalidTransfer (more came than was sent), AlreadyReceived.
    """
    before = await transfers.hold(tx, command.transfer_id)
    sent = {line.sku: line.qty for line in before.lines}
    came = dict.fromkeys(sent, 0) | dict(sent if command.came is None else command.came)
    if any(not 0 <= quantity <= sent.get(sku, -1) for sku, quantity in came.items()):
        raise InvalidTransfer("No more can come than was sent.", sent=sent)
    if before.status is Status.RECEIVED:
        if came != {line.sku: line.received for line in before.lines}:
            raise AlreadyReceived(transferId=str(before.id))
        return before
    held = await stock.hold_in(tx, [(sku, before.target) for sku in came])
    await transfers.receive(tx, before.id, came)
    arrived = [
        Change(sku, before.target, quantity, f"transfer:{before.id}:in:{sku}")
        for sku, quantity in came.items()
        if quantity
    ]
    if arrived:
        book(tx, held, arrived, f"transfer from {before.source}")
    tx.audit("inventory.receive_transfer", str(before.id), lost=sum(sent.values()) - sum(came.values()))
    return await transfers.read(tx, before.id)


@query(action="inventory.transfer")
async def get_transfer(command: GetTransfer, tx: Tx) -> Transfer:
    """The transfer as it stands; refuses NoSuchTransfer."""
    return await transfers.read(tx, command.transfer_id)
