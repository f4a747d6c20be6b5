"""POST /api/v1/notifications/{message_id}/bounce."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, post
from tradewind.contexts.notifications.report_bounce.command import ReportBounce
from tradewind.contexts.notifications.show_message.query import NoSuchMessage


@post("/api/v1/notifications/{message_id}/bounce", raises=(NoSuchMessage,))
async def report_bounce(message_id: UUID, call: Call, dispatch: Dispatch) -> None:
    """Say that a message came back: for mail gateways and carriers. Nothing more is sent to that address."""
    await dispatch(ReportBounce(message_id=message_id), call)
