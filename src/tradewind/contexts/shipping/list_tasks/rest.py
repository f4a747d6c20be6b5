"""GET /api/v1/fulfillment-tasks."""

from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.shipping._domain.task import State
from tradewind.contexts.shipping.list_tasks.query import MAX_PAGE, ListTasks, TaskPage
from tradewind.kernel.pages import Cursor, UnfitCursor


@get("/api/v1/fulfillment-tasks", raises=(UnfitCursor,))
async def list_tasks(
    call: Call,
    dispatch: Dispatch,
    state: State = State.OPEN,
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = 20,
    cursor: Cursor | None = None,
) -> TaskPage:
    """See what is to be picked, oldest first; or what is claimed, picked, packed, shipped. For the warehouse."""
    answer: TaskPage = await dispatch(ListTasks(state=state, limit=limit, cursor=cursor), call)
    return answer
