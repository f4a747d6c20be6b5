"""GET /api/v1/auth/sessions."""

from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.identity.list_sessions.query import MAX_PAGE, ListSessions, SessionPage, UnfitSessionCursor


@get("/api/v1/auth/sessions", raises=(UnfitSessionCursor,))
async def list_sessions_route(
    call: Call,
    dispatch: Dispatch,
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = 20,
    cursor: Annotated[str, Meta(max_length=40)] | None = None,
) -> SessionPage:
    """See where you are logged in, newest first."""
    answer: SessionPage = await dispatch(ListSessions(limit=limit, cursor=cursor), call)
    return answer
