"""Put another address in the place of one that is kept."""

from uuid import UUID

from msgspec import structs

from tradewind.contexts.customers._domain.address import Address, NoSuchAddress, normal
from tradewind.contexts.customers._domain.views import AddressView, of_address
from tradewind.contexts.customers._store import addresses, profiles
from tradewind.contracts.customers import CustomerUpdated
from tradewind.contracts.messages import Command
from tradewind.kernel.versions import expect
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class ChangeAddress(Command, frozen=True):
    """The whole address anew, in place of the version that was looked at."""

    address_id: UUID
    place: dict[str, str]
    default_shipping: bool
    default_billing: bool
    expected: int | None = None


@handler(action="customers.change")
async def change_address(command: ChangeAddress, tx: Tx) -> AddressView:
    """Orders that are placed keep theirs. Refuses NoSuchAddress, Outdated and InvalidAddress."""
    me, place = tx.call.actor.subject, normal(command.place)
    before = await held(tx, me, command.address_id)
    expect(command.expected, before.version)
    after = structs.replace(
        before,
        version=before.version + 1,
        place=place,
        default_shipping=before.default_shipping or command.default_shipping,
        default_billing=before.default_billing or command.default_billing,
    )
    await addresses.save(tx, after)
    tx.audit("customers.change_address", me, address=str(after.id))
    tx.tell(CustomerUpdated(customer_id=me, changed=("addresses",)))
    return of_address(after)


async def held(tx: Tx, user_id: str, address_id: UUID) -> Address:
    """The address, its owner's profile held; refuses NoSuchAddress."""
    await profiles.hold(tx, user_id)
    for one in await addresses.all_of(tx, user_id):
        if one.id == address_id:
            return one
    raise NoSuchAddress
