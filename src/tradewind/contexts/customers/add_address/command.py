"""Keep one more address."""

from tradewind.contexts.customers._domain.address import MAX_ADDRESSES, Address, TooManyAddresses, normal
from tradewind.contexts.customers._domain.views import AddressView, of_address
from tradewind.contexts.customers._store import addresses, profiles
from tradewind.contracts.customers import CustomerUpdated
from tradewind.contracts.messages import Command
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class AddAddress(Command, frozen=True):
    """An address by its parts, and whether it is to be the default."""

    place: dict[str, str]
    default_shipping: bool
    default_billing: bool


@handler(action="customers.change")
async def add_address(command: AddAddress, tx: Tx) -> AddressView:
    """The first address is the default for everything. Refuses InvalidAddress and TooManyAddresses."""
    me, place = tx.call.actor.subject, normal(command.place)
    await profiles.hold(tx, me)
    known = await addresses.all_of(tx, me)
    if len(known) >= MAX_ADDRESSES:
        raise TooManyAddresses(most=MAX_ADDRESSES)
    one = Address(
        id=new_id(),
        user_id=me,
        version=1,
        place=place,
        default_shipping=command.default_shipping or not known,
        default_billing=command.default_billing or not known,
    )
    await addresses.save(tx, one)
    tx.audit("customers.add_address", me, address=str(one.id))
    tx.tell(CustomerUpdated(customer_id=me, changed=("addresses",)))
    return of_address(one)
