"""GET /api/v1/webhook-subscriptions/{subscription_id}."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.webhooks._domain.subscription import NoSuchSubscription, SubscriptionView
from tradewind.contexts.webhooks.get_subscription.query import GetSubscription


@get("/api/v1/webhook-subscriptions/{subscription_id}", raises=(NoSuchSubscription,))
async def get_subscription(subscription_id: UUID, call: Call, dispatch: Dispatch) -> SubscriptionView:
    """See a subscription; its secret is not shown again."""
    answer: SubscriptionView = await dispatch(GetSubscription(subscription_id=subscription_id), call)
    return answer
