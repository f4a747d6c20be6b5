"""Who is gone, their messages go too, from mailboxes that are the shop's own."""

from typing import Final

from tradewind.contracts.privacy import PersonErased
from tradewind.ports.mail import Mailer
from tradewind.ports.texting import Texter
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import subscriber

KNOWN_AS: Final = "SELECT as_id FROM notifications.to_forget WHERE user_id = $1"
DONE: Final = "DELETE FROM notifications.to_forget WHERE user_id = $1"


@subscriber
async def on_person_erased(event: PersonErased, tx: Tx) -> None:
    """Also what was written while they were a guest. Files follow the commit, and again after a crash."""
    for as_id in {event.user_id, *(row["as_id"] for row in await tx.all(KNOWN_AS, event.user_id))}:
        await tx.peer(Mailer).forget(as_id)
        await tx.peer(Texter).forget(as_id)
    await tx.run(DONE, event.user_id)
