"""Whoever carries the shop's mails to people's addresses.

What every adapter promises, and every caller may lean on:

- **The same mail again is the same mail.** A mail is known by its `id` (it becomes the Message-ID): sending it twice
  leaves one mail where the engine can tell, and two that every reader recognizes as one where it cannot.
- **Sent means handed over.** When `send` returns, the mail survives a crash of this process. Whatever hides the answer
  raises `Unavailable`; send again, with the same id.
- **A mailbox of the shop's own forgets.** Where delivered mails stay in the shop's hands, `forget` takes those of a
  user away. What was handed to somebody else's server is a delivery to its owner, and theirs.
- **No means no.** An address at which nobody is reached is `Undeliverable`: whoever sends again hears it again.
- A subject or an address with a line break in it is refused (ValueError): nobody writes headers of their own.
"""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from tradewind.kernel.errors import Invalid


class Mail(Struct, frozen=True, kw_only=True):
    """A mail in plain text, perhaps in HTML too. `written_at` is when it was asked for: a repetition reads the same.

    `unsubscribe_url`: where one POST ends mails of this kind (RFC 8058). `user_id` is whose account it is about, so
    that it can be forgotten; it is not part of the mail.
    """

    id: UUID
    recipient: str
    subject: str
    body: str
    written_at: datetime
    user_id: str = ""
    html: str | None = None
    unsubscribe_url: str | None = None


class Undeliverable(Invalid):
    """Nobody is reached at this address, now or later."""


class Mailer(Protocol):
    """Sends mails."""

    async def send(self, mail: Mail) -> None:
        """Hand the mail over; raises Unavailable where it may or may not have been taken."""
        ...

    async def forget(self, user_id: str) -> None:
        """Take away the mails about a user that are still in the shop's hands. Idempotent."""
        ...
