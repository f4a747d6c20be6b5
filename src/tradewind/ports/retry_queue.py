"""The retry queue: tells when what was put off has to be tried again.

It is an alarm clock and no memory: what is to be tried, and how often it was, stands in a row of whoever puts it off,
and the row becomes due by itself `grace_s` after its time. So nothing is lost where the queue loses something, and
what comes twice, late or out of order finds a row that has moved on, or whose time has not come.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from tradewind.kernel.errors import Unavailable


class RetryQueueAway(Unavailable):
    """The retry queue does not answer, or does not take what it is given."""


class Retry(NamedTuple):
    """What is to be tried again: the message `sequence` of `subscription_id`."""

    subscription_id: UUID
    sequence: int


class PutOff(NamedTuple):
    """A retry, and when it is to be."""

    retry: Retry
    due_at: datetime


class Due(NamedTuple):
    """Retries whose time has come, and what the queue knows them by."""

    retries: Sequence[Retry]
    receipt: Any = None


class RetryQueue(Protocol):
    """Gives back what was put off once its time has come, and not before: at least once, in any order."""

    @property
    def grace_s(self) -> float:
        """Seconds after its time at which a row is due without the queue."""
        ...

    async def put_off(self, those: Sequence[PutOff]) -> None:
        """The queue has them, durably, when this is over. Raises RetryQueueAway."""
        ...

    async def due(self) -> Due:
        """What has become due; waits a moment for some, and may be none. Raises RetryQueueAway."""
        ...

    async def done(self, due: Due) -> None:
        """Forget them; without this they come again. Raises RetryQueueAway."""
        ...
