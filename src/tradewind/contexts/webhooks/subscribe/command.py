"""A partner's wish to hear events. The secret is shown once, and sealed while it rests."""

from collections.abc import Mapping, Sequence

import msgspec

from tradewind.contexts.webhooks._delivery.door import Door
from tradewind.contexts.webhooks._domain.addresses import checked_url
from tradewind.contexts.webhooks._domain.signing import SecretSeal, new_secret
from tradewind.contexts.webhooks._domain.subscription import NewSubscription, known_types
from tradewind.contexts.webhooks._store import subscriptions
from tradewind.contracts.messages import Command
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class Subscribe(Command, frozen=True):
    """Hear `event_types`, those alone whose payload has one of `filter`'s values in each of its fields."""

    url: str
    event_types: Sequence[str]
    filter: Mapping[str, Sequence[str]]


@handler(action="webhooks.manage")
async def subscribe(command: Subscribe, tx: Tx) -> NewSubscription:
    """From now on. Refuses UnfitUrl, UnknownEventType."""
    url, types = checked_url(command.url, tx.peer(Door).allowed), known_types(command.event_types)
    id_, secret = new_id(), new_secret()
    sealed = tx.peer(SecretSeal).seal(secret)
    await tx.run(subscriptions.INSERT, id_, url, types, msgspec.json.encode(command.filter).decode(), sealed)
    tx.audit("webhooks.subscribe", str(id_), eventTypes=types)
    tx.ring()
    return NewSubscription(id=id_, secret=secret)
