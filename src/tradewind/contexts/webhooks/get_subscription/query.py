"""One subscription."""

from uuid import UUID

from tradewind.contexts.webhooks._domain.subscription import SubscriptionView
from tradewind.contexts.webhooks._store import subscriptions
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query


class GetSubscription(Command, frozen=True):
    """See one."""

    subscription_id: UUID


@query(action="webhooks.manage")
async def get_subscription(command: GetSubscription, tx: Tx) -> SubscriptionView:
    """Refuses NoSuchSubscription."""
    return await subscriptions.read(tx, command.subscription_id)
