"""DELETE /api/v1/customers/me/addresses/{address_id}."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, IfMatch, delete
from tradewind.contexts.customers._domain.address import NoSuchAddress
from tradewind.contexts.customers.remove_address.command import RemoveAddress
from tradewind.kernel.versions import Outdated


@delete("/api/v1/customers/me/addresses/{address_id}", raises=(NoSuchAddress, Outdated))
async def remove_my_address(address_id: UUID, call: Call, dispatch: Dispatch, if_match: IfMatch = None) -> None:
    """Forget one of your addresses. Another becomes the default for what it was."""
    await dispatch(RemoveAddress(address_id=address_id, expected=if_match), call)
