"""POST /api/v1/webhook-subscriptions."""

from typing import Annotated

from msgspec import Meta, field, structs

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.webhooks._domain.addresses import MAX_URL, UnfitUrl
from tradewind.contexts.webhooks._domain.subscription import MAX_FIELDS, MAX_TYPES, NewSubscription, UnknownEventType
from tradewind.contexts.webhooks.subscribe.command import Subscribe

EventType = Annotated[str, Meta(min_length=1, max_length=100)]
Field = Annotated[str, Meta(min_length=1, max_length=50)]
Values = Annotated[list[Annotated[str, Meta(max_length=200)]], Meta(min_length=1, max_length=100)]


class Wish(Body, frozen=True):
    """Where to post which events. `filter`: fields of the payload, each with the values that are asked for."""

    url: Annotated[str, Meta(min_length=1, max_length=MAX_URL)]
    event_types: Annotated[list[EventType], Meta(min_length=1, max_length=MAX_TYPES)]
    filter: Annotated[dict[Field, Values], Meta(max_length=MAX_FIELDS)] = field(default_factory=dict)


@post("/api/v1/webhook-subscriptions", status=201, raises=(UnfitUrl, UnknownEventType))
async def subscribe(body: Wish, call: Call, dispatch: Dispatch) -> NewSubscription:
    """Hear events from now on. The secret that messages are signed with is shown here and nowhere else."""
    once = structs.replace(call, idempotency_key=None)  # an answer that is kept for its key would keep the secret
    command = Subscribe(url=body.url, event_types=body.event_types, filter=body.filter)
    answer: NewSubscription = await dispatch(command, once)
    return answer
