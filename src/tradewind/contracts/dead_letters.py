"""What nobody could handle: one format for every consumer, whether it hears events here or is a partner outside."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from msgspec import Raw, Struct

from tradewind.kernel.errors import NotFound


class NoSuchDeadLetter(NotFound):
    """There is no such dead letter; perhaps it was redriven already."""


class DeadLetter(Struct, frozen=True, kw_only=True, rename="camel"):
    """An event that `consumer` gave up after so many attempts. `id` is consumer/place, the place in the consumer's own
    order; `payload` is there where one letter is shown.
    """

    id: str
    consumer: str
    event_id: UUID
    type: str
    key: str
    trace_id: str
    reason: str
    attempts: int
    parked_at: datetime
    payload: Raw | None = None


class DeadLetters(Protocol):
    """A context's own dead letters. An id that is not its own is None's, so that the next may be asked."""

    async def list(self, tx: Any, limit: int) -> Sequence[DeadLetter]:
        """The oldest ones."""
        ...

    async def find(self, tx: Any, id_: str) -> DeadLetter | None:
        """One of them, with what the event says."""
        ...

    async def redrive(self, tx: Any, id_: str) -> bool:
        """Have its consumer hear the event again; whether there was such a letter."""
        ...
