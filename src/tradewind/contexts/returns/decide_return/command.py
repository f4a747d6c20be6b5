"""Say yes or no to a return, or call it off."""

from uuid import UUID

from tradewind.contexts.returns._domain.views import ReturnView, view
from tradewind.contexts.returns._store import returns
from tradewind.contracts.messages import Command
from tradewind.contracts.orders import OrdersPeer
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class ApproveReturn(Command, frozen=True):
    """It may come back."""

    return_id: UUID


class RejectReturn(Command, frozen=True):
    """It is not taken back; `why` is shown to the buyer."""

    return_id: UUID
    why: str


class CancelReturn(Command, frozen=True):
    """The buyer keeps it after all."""

    return_id: UUID


@handler(action="returns.decide")
async def approve_return(command: ApproveReturn, tx: Tx) -> ReturnView:
    """Refuses with NoSuchReturn, or IllegalMove unless it was just asked for."""
    approved, event = (await returns.hold(tx, command.return_id)).approve()
    returns.save(tx, approved)
    tx.tell(event)
    tx.audit("returns.approve", str(approved.id))
    return view(approved)


@handler(action="returns.decide")
async def reject_return(command: RejectReturn, tx: Tx) -> ReturnView:
    """Refuses with NoSuchReturn, or IllegalMove unless it was just asked for."""
    rejected, event = (await returns.hold(tx, command.return_id)).reject(command.why)
    returns.save(tx, rejected)
    tx.tell(event)
    tx.audit("returns.reject", str(rejected.id))
    return view(rejected)


@handler(action="returns.request")
async def cancel_return(command: CancelReturn, tx: Tx) -> ReturnView:
    """Refuses with NoSuchReturn (also where it is another's), or IllegalMove once the parcel is here."""
    held = await returns.hold(tx, command.return_id)
    bought = await tx.peer(OrdersPeer).bought(tx, held.order_id)
    if not tx.allows("returns.request", owner=bought is not None and bought.user_id == tx.call.actor.subject):
        raise returns.NoSuchReturn(returnId=str(command.return_id))
    canceled, event = held.cancel()
    returns.save(tx, canceled)
    tx.tell(event)
    tx.audit("returns.cancel", str(canceled.id))
    return view(canceled)
