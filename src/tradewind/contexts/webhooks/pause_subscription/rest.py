"""POST /api/v1/webhook-subscriptions/{subscription_id}/pause and …/resume."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, post
from tradewind.contexts.webhooks._domain.subscription import Disabled, NoSuchSubscription, SubscriptionView
from tradewind.contexts.webhooks.pause_subscription.command import PauseSubscription


@post("/api/v1/webhook-subscriptions/{subscription_id}/pause", status=200, raises=(NoSuchSubscription, Disabled))
async def pause_subscription(subscription_id: UUID, call: Call, dispatch: Dispatch) -> SubscriptionView:
    """Send nothing for now. What happens meanwhile is kept."""
    answer: SubscriptionView = await dispatch(PauseSubscription(subscription_id=subscription_id, paused=True), call)
    return answer


@post("/api/v1/webhook-subscriptions/{subscription_id}/resume", status=200, raises=(NoSuchSubscription,))
async def resume_subscription(subscription_id: UUID, call: Call, dispatch: Dispatch) -> SubscriptionView:
    """Go on where it stopped, also after the partner had answered 410."""
    answer: SubscriptionView = await dispatch(PauseSubscription(subscription_id=subscription_id, paused=False), call)
    return answer
