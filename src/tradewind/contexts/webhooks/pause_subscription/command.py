"""A pause, and its end: what happened meanwhile stays in the log and is told then."""

from uuid import UUID

from tradewind.contexts.webhooks._domain.subscription import Disabled, Status, SubscriptionView
from tradewind.contexts.webhooks._store import subscriptions
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class PauseSubscription(Command, frozen=True):
    """`paused`: send nothing for now; or go on, also after the partner had said that it is gone."""

    subscription_id: UUID
    paused: bool


@handler(action="webhooks.manage")
async def pause_subscription(command: PauseSubscription, tx: Tx) -> SubscriptionView:
    """Refuses NoSuchSubscription, Disabled."""
    found = await subscriptions.lock(tx, command.subscription_id)
    if command.paused and found.status is Status.DISABLED:
        raise Disabled
    status = Status.PAUSED if command.paused else Status.ACTIVE
    if status is not found.status:
        await tx.run(subscriptions.SET_STATUS, found.id, status.value)
        tx.audit("webhooks.pause", str(found.id), paused=command.paused)
        tx.ring()
    return await subscriptions.read(tx, found.id)
