"""GET /api/v1/customers/me/addresses and one of them."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.customers._domain.address import NoSuchAddress
from tradewind.contexts.customers._domain.views import AddressList, AddressView
from tradewind.contexts.customers.list_addresses.query import GetAddress, ListAddresses


@get("/api/v1/customers/me/addresses")
async def list_my_addresses(call: Call, dispatch: Dispatch) -> AddressList:
    """See your addresses, the oldest first."""
    answer: AddressList = await dispatch(ListAddresses(), call)
    return answer


@get("/api/v1/customers/me/addresses/{address_id}", raises=(NoSuchAddress,))
async def get_my_address(address_id: UUID, call: Call, dispatch: Dispatch) -> AddressView:
    """See one of your addresses."""
    answer: AddressView = await dispatch(GetAddress(address_id=address_id), call)
    return answer
