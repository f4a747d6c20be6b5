"""The parcel is here."""

from uuid import UUID

from tradewind.contexts.returns._domain.views import ReturnView, view
from tradewind.contexts.returns._store import returns
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class ReceiveReturn(Command, frozen=True):
    """Its parcel came."""

    return_id: UUID


@handler(action="returns.handle")
async def receive_return(command: ReceiveReturn, tx: Tx) -> ReturnView:
    """Refuses with NoSuchReturn, or IllegalMove unless it is expected."""
    received, event = (await returns.hold(tx, command.return_id)).receive()
    returns.save(tx, received)
    tx.tell(event)
    tx.audit("returns.receive", str(received.id))
    return view(received)
