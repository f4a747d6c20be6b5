"""Who is gone, their mails go too, from a mailbox that is the shop's own."""

from tradewind.contracts.privacy import PersonErased
from tradewind.ports.mail import Mailer
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import subscriber


@subscriber
async def on_person_erased(event: PersonErased, tx: Tx) -> None:
    """Files are no part of the erasing transaction: they follow its commit, and again after a crash."""
    await tx.peer(Mailer).forget(event.user_id)
