"""The label of a return: where it goes, and its number."""

from uuid import UUID

from msgspec import Struct

from tradewind.api.labels import Label, drawn
from tradewind.contexts.returns._domain.returned import Status
from tradewind.contexts.returns._store import returns
from tradewind.contracts.messages import Command
from tradewind.contracts.orders import OrdersPeer
from tradewind.kernel.errors import Conflict
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query


class NotApproved(Conflict):
    """Only what may come back, and is not here yet, gets a label."""


class ReturnAddress(Struct, frozen=True):
    """Where goods come back to, line by line."""

    lines: tuple[str, ...]


class PrintReturnLabel(Command, frozen=True):
    """The label of this return."""

    return_id: UUID


class Printed(Struct, frozen=True):
    """A PDF."""

    content: bytes


@query(action="returns.get")
async def print_return_label(command: PrintReturnLabel, tx: Tx) -> Printed:
    """Refuses with NoSuchReturn (also where it is another's), NotApproved."""
    found = await returns.read(tx, command.return_id)
    bought = await tx.peer(OrdersPeer).bought(tx, found.order_id)
    if bought is None or not tx.allows("returns.get", owner=bought.user_id == tx.call.actor.subject):
        raise returns.NoSuchReturn(returnId=str(command.return_id))
    if found.status is not Status.APPROVED:
        raise NotApproved(state=found.status.value)
    label = Label(
        title="Return",
        sender=(f"order {found.order_id}",),
        recipient=tx.peer(ReturnAddress).lines,
        code=found.number,
        notes=tuple(f"{line.quantity} x {line.sku}" for line in found.lines),
    )
    return Printed(drawn(label))
