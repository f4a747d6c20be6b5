"""Look at one's addresses."""

from uuid import UUID

from tradewind.contexts.customers._domain.address import NoSuchAddress
from tradewind.contexts.customers._domain.views import AddressList, AddressView, of_address
from tradewind.contexts.customers._store import addresses
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query


class ListAddresses(Command, frozen=True):
    """All of one's own; there are few."""


class GetAddress(Command, frozen=True):
    """One of one's own."""

    address_id: UUID


@query(action="customers.get")
async def list_addresses(command: ListAddresses, tx: Tx) -> AddressList:
    """The oldest first."""
    return AddressList(items=tuple(of_address(one) for one in await addresses.all_of(tx, tx.call.actor.subject)))


@query(action="customers.get")
async def get_address(command: GetAddress, tx: Tx) -> AddressView:
    """Somebody else's looks like none at all."""
    for one in await addresses.all_of(tx, tx.call.actor.subject):
        if one.id == command.address_id:
            return of_address(one)
    raise NoSuchAddress
