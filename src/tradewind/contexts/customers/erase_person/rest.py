"""POST /api/v1/customers/me/erasure, and of another for staff."""

from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.customers._domain.person import PartIsAway, StaffAccount, Unconfirmed
from tradewind.contexts.customers._domain.profile import NoSuchCustomer
from tradewind.contexts.customers.erase_person.command import Erased, ErasePerson
from tradewind.contracts.privacy import OrdersUnderWay


class Confirmation(Body, frozen=True):
    """The id of the user who is to be forgotten, once more, because there is no way back."""

    confirm: Annotated[str, Meta(min_length=1, max_length=255)]


@post("/api/v1/customers/me/erasure", limit="privacy", raises=(Unconfirmed, OrdersUnderWay, PartIsAway))
async def erase_me(body: Confirmation, call: Call, dispatch: Dispatch) -> Erased:
    """Be forgotten: account, profile, addresses, carts, reviews' names, and the person in your orders.

    Orders and payments stay in the books, with amounts and without you. Refused, naming them, while orders are under
    way. `confirm` is your user id, as in your token's `sub`.
    """
    answer: Erased = await dispatch(ErasePerson(confirm=body.confirm), call)
    return answer


@post(
    "/api/v1/customers/{customer_id}/erasure",
    limit="privacy",
    raises=(Unconfirmed, OrdersUnderWay, PartIsAway, NoSuchCustomer, StaffAccount),
)
async def erase_customer(customer_id: str, body: Confirmation, call: Call, dispatch: Dispatch) -> Erased:
    """Forget a customer or a guest who asked for it. For support; accounts of staff only by administrators."""
    answer: Erased = await dispatch(ErasePerson(confirm=body.confirm, user_id=customer_id), call)
    return answer
