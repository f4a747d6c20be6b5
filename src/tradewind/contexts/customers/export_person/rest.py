"""POST /api/v1/customers/me/export, and of another for staff."""

from msgspec import structs

from tradewind.api.rest import Call, Dispatch, post
from tradewind.contexts.customers._domain.archive import archive
from tradewind.contexts.customers._domain.person import PartIsAway, StaffAccount
from tradewind.contexts.customers._domain.profile import NoSuchCustomer
from tradewind.contexts.customers.export_person.command import ExportPerson


@post("/api/v1/customers/me/export", content_type="application/zip", limit="privacy", raises=(PartIsAway,))
async def export_me(call: Call, dispatch: Dispatch) -> bytes:
    """Get everything that is held about you: a ZIP with a JSON file of each part of the shop, and an index.

    An Idempotency-Key makes no difference here: nothing changes, and the answer is kept nowhere.
    """
    return archive(await dispatch(ExportPerson(), _unkept(call)))


@post(
    "/api/v1/customers/{customer_id}/export",
    content_type="application/zip",
    limit="privacy",
    raises=(PartIsAway, NoSuchCustomer, StaffAccount),
)
async def export_customer(customer_id: str, call: Call, dispatch: Dispatch) -> bytes:
    """Get everything that is held about a customer or a guest, to hand it to them. For support."""
    return archive(await dispatch(ExportPerson(user_id=customer_id), _unkept(call)))


def _unkept(call: Call) -> Call:
    """The same call without its key, so that the answer is not stored under it."""
    return structs.replace(call, idempotency_key=None)
