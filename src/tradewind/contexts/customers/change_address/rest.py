"""PUT /api/v1/customers/me/addresses/{address_id}."""

from uuid import UUID

from tradewind.api.postal import InvalidAddress
from tradewind.api.rest import Call, Dispatch, IfMatch, put
from tradewind.contexts.customers._domain.address import NoSuchAddress
from tradewind.contexts.customers._domain.views import AddressView
from tradewind.contexts.customers.add_address.rest import NewAddress
from tradewind.contexts.customers.change_address.command import ChangeAddress
from tradewind.kernel.versions import Outdated


@put("/api/v1/customers/me/addresses/{address_id}", raises=(InvalidAddress, NoSuchAddress, Outdated))
async def change_my_address(
    address_id: UUID, body: NewAddress, if_match: IfMatch, call: Call, dispatch: Dispatch
) -> AddressView:
    """Change one of your addresses. Orders that are placed keep theirs."""
    command = ChangeAddress(
        address_id=address_id,
        place=body.place(),
        default_shipping=body.default_shipping,
        default_billing=body.default_billing,
        expected=if_match,
    )
    answer: AddressView = await dispatch(command, call)
    return answer
