"""GET /api/v1/auth/sessions."""

from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.identity.list_sessions.query import MAX_PAGE, ListSessions, SessionPage
from tradewind.kernel.pages import Cursor, UnfitCursor


@get("/api/v1/auth/sessions", raises=(UnfitCursor,))
async def list_sessions_route(
    call: Call,
    dispatch: Dispatch,
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = 20,
    cursor: Cursor | None = None,
) -> SessionPage:
    """See where you are logged in, newest first."""
    answer: SessionPage = await dispatch(ListSessions(limit=limit, cursor=cursor), call)
    return answer
