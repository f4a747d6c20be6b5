"""What failed is put off in the retry queue once it is written down, and is due when the queue says so.

The row stays what counts: the queue's word moves a row to now only once its planned time has come, whatever attempt
the word was about. A row of which the queue says nothing is due by itself after the queue's grace.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from tradewind.contexts.webhooks._store.deliveries import Outcome, hurry
from tradewind.ports.retry_queue import PutOff, Retry, RetryQueue, RetryQueueAway
from tradewind.runtime.call import internal_call
from tradewind.runtime.database import Database
from tradewind.runtime.failpoints import failpoint
from tradewind.runtime.telemetry import metrics
from tradewind.runtime.telemetry.logs import log
from tradewind.runtime.timers import Timer

BATCH: Final = 200
MAX_WAITING: Final = 10_000
"""Retries that wait for the queue to take them; of more the oldest are left to their rows."""
HEAR_S: Final = 1.0


class Putting:
    """Hands retries over beside the crew's turns: a queue that is slow or away holds up no partner."""

    def __init__(self) -> None:
        self._waiting: deque[PutOff] = deque(maxlen=MAX_WAITING)
        self._task: asyncio.Task[None] | None = None

    def put_off(self, queue: RetryQueue, recorded: Sequence[Outcome]) -> None:
        """Hand over those that are to be tried again."""
        grace = timedelta(seconds=queue.grace_s)
        failed = [one for one in recorded if one.status == "PENDING"]
        self._waiting += [PutOff(Retry(*one[:2]), one.due_at - grace) for one in failed]
        if self._waiting and self._task is None:
            self._task = asyncio.create_task(self._hand_over(queue))

    async def over(self) -> None:
        """Wait until the queue has everything, or is away."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _hand_over(self, queue: RetryQueue) -> None:
        try:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
                failpoint("webhooks.before_put_off")
                await queue.put_off(batch)
        except RetryQueueAway as away:
            metrics.retry_queue_away.set(1)
            log.warning("the retry queue is away: rows are due by themselves", why=str(away), after=queue.grace_s)
            self._waiting.clear()
        finally:
            self._task = None


async def hear(db: Database) -> int:
    """Take what has become due; 0 where there is no queue to hear, or it is away."""
    queue: Any = db.peers[RetryQueue]
    if not queue.grace_s:
        return 0
    try:
        due = await queue.due()
        if due.retries:
            async with db.transaction(internal_call("webhooks.hear")) as tx:
                if await hurry(tx, due.retries, queue.grace_s):
                    tx.ring()
            failpoint("webhooks.before_done")
        if due.receipt:
            await queue.done(due)
        metrics.retry_queue_away.set(0)
    except RetryQueueAway as away:
        metrics.retry_queue_away.set(1)
        log.warning("the retry queue is away", why=str(away))
        return 0
    return 1


HEAR: Final = Timer("webhooks.hear", HEAR_S, hear, apart=True)
