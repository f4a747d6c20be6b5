"""DELETE /api/v1/webhook-subscriptions/{subscription_id}."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, delete
from tradewind.contexts.webhooks._domain.subscription import NoSuchSubscription
from tradewind.contexts.webhooks.delete_subscription.command import DeleteSubscription


@delete("/api/v1/webhook-subscriptions/{subscription_id}", raises=(NoSuchSubscription,))
async def delete_subscription(subscription_id: UUID, call: Call, dispatch: Dispatch) -> None:
    """End a subscription; what waits for it and its log go with it."""
    await dispatch(DeleteSubscription(subscription_id=subscription_id), call)
