"""The end of a subscription, of what waits for it, and of its log."""

from uuid import UUID

from tradewind.contexts.webhooks._domain.subscription import NoSuchSubscription
from tradewind.contexts.webhooks._store import subscriptions
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class DeleteSubscription(Command, frozen=True):
    """Tell this partner nothing more."""

    subscription_id: UUID


@handler(action="webhooks.manage")
async def delete_subscription(command: DeleteSubscription, tx: Tx) -> None:
    """Refuses NoSuchSubscription."""
    if not await tx.run(subscriptions.DELETE, command.subscription_id):
        raise NoSuchSubscription
    await tx.run(subscriptions.FORGET_ATTEMPTS, command.subscription_id)
    tx.audit("webhooks.delete", str(command.subscription_id))
