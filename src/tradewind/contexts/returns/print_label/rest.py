"""GET /api/v1/returns/{return_id}/label."""

from uuid import UUID

from tradewind.api.labels import PDF
from tradewind.api.rest import Call, Dispatch, Reply, get
from tradewind.contexts.returns._store.returns import NoSuchReturn
from tradewind.contexts.returns.print_label.query import NotApproved, Printed, PrintReturnLabel


@get("/api/v1/returns/{return_id}/label", content_type=PDF, raises=(NoSuchReturn, NotApproved))
async def print_return_label(return_id: UUID, call: Call, dispatch: Dispatch) -> Reply:
    """Print the label of an approved return of yours, as PDF, to put on its parcel."""
    printed: Printed = await dispatch(PrintReturnLabel(return_id=return_id), call)
    return Reply(content=printed.content, headers={"Content-Type": PDF, "Cache-Control": "no-store"})
