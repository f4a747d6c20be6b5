"""Whoever carries the shop's short messages: texts to telephones, notes to devices.

What every adapter promises, and every caller may lean on:

- **The same text again is the same text.** A text is known by its `id`, which goes with it as the key by which the
  carrier tells a repetition; a carrier that does not look shows it twice.
- **Sent means handed over.** Whatever hides the answer raises `Unavailable`; send again, with the same id.
- **No means no.** An address at which nobody is reached is `Undeliverable`.
- **A mailbox of the shop's own forgets**, as the port `mail` says.
"""

from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from msgspec import Struct


class Carriage(StrEnum):
    """How a text travels."""

    SMS = "SMS"
    PUSH = "PUSH"


class Text(Struct, frozen=True, kw_only=True, rename="camel"):
    """A short message. `recipient`: a number in E.164, or a device's token. `written_at`: when it was asked for."""

    id: UUID
    carriage: Carriage
    recipient: str
    title: str
    body: str
    written_at: datetime
    user_id: str = ""


class Texter(Protocol):
    """Sends texts."""

    async def send(self, text: Text) -> None:
        """Hand the text over; raises Unavailable where it may or may not have been taken, Undeliverable for a no."""
        ...

    async def forget(self, user_id: str) -> None:
        """Take away the texts about a user that are still in the shop's hands. Idempotent."""
        ...
