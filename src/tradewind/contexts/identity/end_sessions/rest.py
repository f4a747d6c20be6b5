"""DELETE /api/v1/auth/sessions and one of them."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, delete
from tradewind.contexts.identity.end_sessions.command import EndOtherSessions, EndSession, NoSuchSession


@delete("/api/v1/auth/sessions/{session_id}", raises=(NoSuchSession,))
async def end_session_route(session_id: UUID, call: Call, dispatch: Dispatch) -> None:
    """End a session of yours, at once; an administrator may end anybody's."""
    await dispatch(EndSession(session_id=session_id), call)


@delete("/api/v1/auth/sessions")
async def end_other_sessions_route(call: Call, dispatch: Dispatch) -> None:
    """End all your sessions but this one."""
    await dispatch(EndOtherSessions(), call)
