"""POST /api/v1/customers/me/addresses."""

from tradewind.api.address import Address
from tradewind.api.postal import InvalidAddress
from tradewind.api.rest import Call, Dispatch, post
from tradewind.contexts.customers._domain.address import TooManyAddresses
from tradewind.contexts.customers._domain.views import AddressView
from tradewind.contexts.customers.add_address.command import AddAddress


class NewAddress(Address, frozen=True):
    """An address to be kept.

    `defaultShipping` and `defaultBilling` make it the default; there is always one, so false takes nothing away.
    """

    default_shipping: bool = False
    default_billing: bool = False


@post("/api/v1/customers/me/addresses", status=201, raises=(InvalidAddress, TooManyAddresses))
async def add_my_address(body: NewAddress, call: Call, dispatch: Dispatch) -> AddressView:
    """Keep one more address, checked by the rules of its country. The first is the default for everything."""
    command = AddAddress(
        place=body.place(), default_shipping=body.default_shipping, default_billing=body.default_billing
    )
    answer: AddressView = await dispatch(command, call)
    return answer
