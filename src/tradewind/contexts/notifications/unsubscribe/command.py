"""Whoever has the link ends the offers on its channel, and nothing else; no login is needed (RFC 8058)."""

from tradewind.contexts.notifications._domain.unsubscribing import whose
from tradewind.contracts.customers import CustomersPeer
from tradewind.contracts.messages import Command
from tradewind.contracts.privacy import Pseudonyms
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class Unsubscribe(Command, frozen=True):
    """Hear no more of offers on the link's channel."""

    token: str


@handler(action="notifications.unsubscribe")
async def unsubscribe(command: Unsubscribe, tx: Tx) -> None:
    """Once or again, the same. Refuses UnfitLink."""
    user_id, channel = whose(command.token, tx.peer(Pseudonyms))
    await tx.peer(CustomersPeer).withdraw(tx, user_id, channel.value)
