"""The crew that delivers: each turn records what came back, reads the log, claims what is due and sends it out.

Recording, reading and claiming share one transaction; posting is outside of any. Who dies before an attempt is recorded
leaves a lease that runs out, and the message goes out again with the same webhook-id.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from tradewind.contexts.webhooks._delivery.door import GONE, Answer, Door
from tradewind.contexts.webhooks._domain.signing import SecretSeal, signed
from tradewind.contexts.webhooks._domain.subscription import next_due
from tradewind.contexts.webhooks._store import deliveries, reading
from tradewind.contexts.webhooks._store.deliveries import Outcome
from tradewind.contracts.webhooks import WebhookDeliveryFailed
from tradewind.kernel import clock
from tradewind.runtime.call import internal_call
from tradewind.runtime.database import Database, Tx
from tradewind.runtime.failpoints import failpoint
from tradewind.runtime.telemetry import metrics
from tradewind.runtime.timers import Timer
from tradewind.runtime.wake import POLL_S, Bell

PACE_S: Final = 0.02
"""Time between two turns that found something: what comes meanwhile shares the next one's transaction."""
JSON: Final = {"Content-Type": "application/json", "User-Agent": "Tradewind-Webhooks/1"}


class Crew:
    """What one process has under way. `came_back`: something is to be recorded."""

    def __init__(self) -> None:
        self.came_back = asyncio.Event()
        self.has_readers = True
        """Whether the last turn found a subscription that this process reads the log for; without, no bell matters."""
        self._outcomes: list[Outcome] = []
        self._away: set[asyncio.Task[None]] = set()

    async def turn(self, db: Database) -> int:
        """Record, read, claim, send; how much there was to do. It does not wait for any partner."""
        self.came_back.clear()
        outcomes, self._outcomes = self._outcomes, []
        try:
            async with db.transaction(internal_call("webhooks.deliver")) as tx:
                if outcomes:
                    await _conclude(tx, await deliveries.record(tx, outcomes))
                read = await reading.fan_out(tx)
                claimed = await deliveries.claim(tx)
        except BaseException:
            self._outcomes += outcomes
            raise
        for row in claimed:
            task = asyncio.create_task(self._send(db, row))
            self._away.add(task)
            task.add_done_callback(self._away.discard)
        self.has_readers = read is not None
        return len(outcomes) + (read or 0) + len(claimed)

    async def returned(self) -> None:
        """Wait until nothing is under way."""
        while self._away:
            await asyncio.wait(self._away)

    async def _send(self, db: Database, row: Any) -> None:
        door: Any = db.peers[Door]
        seal: Any = db.peers[SecretSeal]
        at = clock.now()
        body = row["body"].encode()
        keys = [seal.open_secret(sealed) for sealed in (row["secret"], row["old_secret"]) if sealed]
        headers = JSON | signed(keys, str(row["event_id"]), at, body) | {"X-BV-Sequence": str(row["sequence"])}
        answer = await door.post(row["url"], headers, body)
        failpoint("webhooks.before_record")
        if row["attempts"]:
            metrics.webhook_retry_attempts_total.inc()
        metrics.webhook_deliveries_total.labels("taken" if answer.taken else "failed").inc()
        self._outcomes.append(_outcome(row, at, answer))
        self.came_back.set()


def _outcome(row: Any, at: Any, answer: Answer) -> Outcome:
    attempts = row["attempts"] + 1
    due = None if answer.code == GONE else next_due(attempts, at, answer.retry_after_s)
    status = "DELIVERED" if answer.taken else "PENDING" if due else "DEAD"
    not_before = at + timedelta(seconds=answer.retry_after_s) if due else at
    return Outcome(
        row["subscription_id"], row["sequence"], row["lease_until"], status, attempts, due or at, answer.outcome,
        at, answer.code, not_before, row["event_id"],
    )  # fmt: skip


async def _conclude(tx: Tx, recorded: Sequence[Outcome]) -> None:
    """What follows from what was written down: dead letters are told, who is gone hears no more."""
    for one in recorded:
        if one.status == "DEAD":
            failed = WebhookDeliveryFailed(
                subscription_id=one.subscription_id, event_id=one.event_id, attempts=one.attempts, reason=one.reason
            )
            tx.tell(failed)
            metrics.dead_letters_total.labels("webhooks").inc()
    gone = sorted({one.subscription_id for one in recorded if one.code == GONE})
    if gone and await tx.run(deliveries.DISABLE, gone):
        for id_ in gone:
            tx.audit("webhooks.disable", str(id_), code=GONE)


async def deliver(db: Database) -> int:
    """One turn; where it found nothing, wait for a bell or for an answer that comes back."""
    crew: Any = db.peers[Crew]
    bell: Any = db.peers[Bell]
    rings = bell.rings
    if await crew.turn(db):
        await asyncio.sleep(PACE_S)
        return 1
    ring = bell.rung(POLL_S, since=rings) if crew.has_readers else asyncio.sleep(POLL_S)
    waits = [asyncio.create_task(ring), asyncio.create_task(crew.came_back.wait())]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    return 1


DELIVER: Final = Timer("webhooks.deliver", POLL_S, deliver, apart=True)
