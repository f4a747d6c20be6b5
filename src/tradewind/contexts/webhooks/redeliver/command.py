"""Send again what a partner had, or should have had: under the same ids and numbers, so that it knows them."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.webhooks._store import deliveries, subscriptions
from tradewind.contracts.messages import Command
from tradewind.kernel.clock import now
from tradewind.kernel.errors import Invalid
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler

NEVER: Final = 2**63 - 1


class NothingAskedFor(Invalid):
    """Say from which number on, or which events: one of the two."""


class Redelivered(Struct, frozen=True, kw_only=True, rename="camel"):
    """How many messages go out again."""

    count: int


class Redeliver(Command, frozen=True):
    """Send again from a sequence number on, or some events. What is still on its way is left alone."""

    subscription_id: UUID
    since: int | None = None
    event_ids: Sequence[UUID] = ()


@handler(action="webhooks.manage")
async def redeliver(command: Redeliver, tx: Tx) -> Redelivered:
    """Refuses NoSuchSubscription, NothingAskedFor."""
    if (command.since is None) == (not command.event_ids):
        raise NothingAskedFor
    found = await subscriptions.lock(tx, command.subscription_id)
    since = NEVER if command.since is None else command.since
    count = await tx.run(deliveries.REDELIVER, found.id, since, list(command.event_ids), now())
    tx.audit("webhooks.redeliver", str(found.id), count=count)
    tx.ring()
    return Redelivered(count=count)
