"""POST /api/v1/webhook-subscriptions/{subscription_id}/redeliveries."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, field

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.webhooks._domain.subscription import NoSuchSubscription
from tradewind.contexts.webhooks.redeliver.command import NEVER, NothingAskedFor, Redeliver, Redelivered


class Again(Body, frozen=True):
    """`from`: a sequence number; that message and all after it. Or `eventIds`: these."""

    since: Annotated[int, Meta(ge=1, le=NEVER)] | None = field(default=None, name="from")
    event_ids: Annotated[list[UUID], Meta(max_length=1_000)] = field(default_factory=list)


@post(
    "/api/v1/webhook-subscriptions/{subscription_id}/redeliveries",
    status=202,
    raises=(NoSuchSubscription, NothingAskedFor),
)
async def redeliver(subscription_id: UUID, body: Again, call: Call, dispatch: Dispatch) -> Redelivered:
    """Send messages again, under the ids and numbers that they had."""
    command = Redeliver(subscription_id=subscription_id, since=body.since, event_ids=body.event_ids)
    answer: Redelivered = await dispatch(command, call)
    return answer
