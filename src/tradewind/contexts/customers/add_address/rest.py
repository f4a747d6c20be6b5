"""POST /api/v1/customers/me/addresses."""

from typing import Annotated

from msgspec import Meta, structs

from tradewind.api.postal import InvalidAddress
from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.customers._domain.address import PARTS, TooManyAddresses
from tradewind.contexts.customers._domain.views import AddressView
from tradewind.contexts.customers.add_address.command import AddAddress

Short = Annotated[str, Meta(min_length=1, max_length=200)]


class NewAddress(Body, frozen=True):
    """Where something can be sent; what is needed depends on `country` (ISO 3166 alpha-2).

    `defaultShipping` and `defaultBilling` make it the default; there is always one, so false takes nothing away.
    """

    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")]
    name: Short | None = None
    company: Short | None = None
    line1: Short | None = None
    line2: Short | None = None
    city: Short | None = None
    region: Short | None = None
    postal_code: Short | None = None
    phone: Short | None = None
    default_shipping: bool = False
    default_billing: bool = False

    def place(self) -> dict[str, str]:
        """The parts that were given."""
        given = structs.asdict(self)
        return {name: given[name] for name in PARTS if given[name] is not None}


@post("/api/v1/customers/me/addresses", status=201, raises=(InvalidAddress, TooManyAddresses))
async def add_my_address(body: NewAddress, call: Call, dispatch: Dispatch) -> AddressView:
    """Keep one more address, checked by the rules of its country. The first is the default for everything."""
    command = AddAddress(
        place=body.place(), default_shipping=body.default_shipping, default_billing=body.default_billing
    )
    answer: AddressView = await dispatch(command, call)
    return answer
