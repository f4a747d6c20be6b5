"""Keep an address no longer."""

from uuid import UUID

from tradewind.contexts.customers._store import addresses
from tradewind.contexts.customers.change_address.command import held
from tradewind.contracts.customers import CustomerUpdated
from tradewind.contracts.messages import Command
from tradewind.kernel.versions import expect
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class RemoveAddress(Command, frozen=True):
    """Which one; where a version is named, only that."""

    address_id: UUID
    expected: int | None = None


@handler(action="customers.change")
async def remove_address(command: RemoveAddress, tx: Tx) -> None:
    """What it was the default for, the oldest that is left becomes. Refuses NoSuchAddress and Outdated."""
    me = tx.call.actor.subject
    one = await held(tx, me, command.address_id)
    expect(command.expected, one.version)
    await addresses.remove(tx, one)
    tx.audit("customers.remove_address", me, address=str(one.id))
    tx.tell(CustomerUpdated(customer_id=me, changed=("addresses",)))
