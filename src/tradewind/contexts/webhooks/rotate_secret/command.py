"""Another secret. For a day, messages are signed with both, so that the partner can change over without missing one."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from tradewind.contexts.webhooks._domain.signing import SecretSeal, new_secret
from tradewind.contexts.webhooks._domain.subscription import NewSubscription
from tradewind.contexts.webhooks._store import subscriptions
from tradewind.contracts.messages import Command
from tradewind.kernel.clock import now
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler

BOTH_FOR: Final = timedelta(days=1)


class RotateSecret(Command, frozen=True):
    """Sign with another secret from now on."""

    subscription_id: UUID


@handler(action="webhooks.manage")
async def rotate_secret(command: RotateSecret, tx: Tx) -> NewSubscription:
    """Refuses NoSuchSubscription."""
    found = await subscriptions.lock(tx, command.subscription_id)
    secret = new_secret()
    await tx.run(subscriptions.ROTATE, found.id, tx.peer(SecretSeal).seal(secret), now() + BOTH_FOR)
    tx.audit("webhooks.rotate_secret", str(found.id))
    return NewSubscription(id=found.id, secret=secret)
