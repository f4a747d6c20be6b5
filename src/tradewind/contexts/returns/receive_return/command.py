"""The parcel is here, or somewhere else: each of its goods in the warehouse that it will be put on the shelf of."""

from uuid import UUID

from tradewind.contexts.returns._domain.returned import destinations
from tradewind.contexts.returns._domain.views import ReturnView, view
from tradewind.contexts.returns._store import returns
from tradewind.contracts.inventory import InventoryPeer
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class ReceiveReturn(Command, frozen=True):
    """Its parcel came to `warehouse`, but these SKUs to another. Nothing named: each to the one that it had left."""

    return_id: UUID
    warehouse: str | None = None
    apart: tuple[tuple[str, str], ...] = ()


@handler(action="returns.handle")
async def receive_return(command: ReceiveReturn, tx: Tx) -> ReturnView:
    """Refuses NoSuchReturn, UnfitReceipt, NoSuchWarehouse, WarehouseClosed, or IllegalMove unless it is expected.

    A warehouse that has closed since the goods left it has to be named by another.
    """
    awaited = await returns.hold(tx, command.return_id)
    inventory = tx.peer(InventoryPeer)
    left = await inventory.shipped_from(tx, awaited.order_id)
    received, event = awaited.receive(destinations(awaited, command.warehouse, command.apart, left))
    await inventory.let_in(tx, {line.warehouse for line in received.lines})
    returns.place_lines(tx, received)
    returns.save(tx, received)
    tx.tell(event)
    tx.audit("returns.receive", str(received.id), warehouses=sorted({line.warehouse for line in received.lines}))
    return view(received)
