"""POST /api/v1/webhook-subscriptions/{subscription_id}/secret."""

from uuid import UUID

from msgspec import structs

from tradewind.api.rest import Call, Dispatch, post
from tradewind.contexts.webhooks._domain.subscription import NewSubscription, NoSuchSubscription
from tradewind.contexts.webhooks.rotate_secret.command import RotateSecret


@post("/api/v1/webhook-subscriptions/{subscription_id}/secret", status=201, raises=(NoSuchSubscription,))
async def rotate_secret(subscription_id: UUID, call: Call, dispatch: Dispatch) -> NewSubscription:
    """Get another secret, shown here and nowhere else. For a day messages carry signatures of both."""
    once = structs.replace(call, idempotency_key=None)  # an answer that is kept for its key would keep the secret
    answer: NewSubscription = await dispatch(RotateSecret(subscription_id=subscription_id), once)
    return answer
