"""The crew that delivers: each turn records what came back, reads the log, claims what is due and sends it out.

Recording, reading and claiming share one transaction; posting is outside of any. Who dies before an attempt is recorded
leaves a lease that runs out, and the message goes out again with the same webhook-id.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from tradewind.contexts.webhooks._delivery.door import GONE, TIMEOUT_S, Answer, Door
from tradewind.contexts.webhooks._delivery.putting_off import Putting
from tradewind.contexts.webhooks._domain.signing import SecretSeal, Signer
from tradewind.contexts.webhooks._domain.subscription import next_due
from tradewind.contexts.webhooks._store import deliveries, reading
from tradewind.contexts.webhooks._store.deliveries import Outcome
from tradewind.contracts.webhooks import WebhookDeliveryFailed
from tradewind.kernel import clock
from tradewind.ports.retry_queue import RetryQueue
from tradewind.runtime.call import internal_call
from tradewind.runtime.database import Database, Tx
from tradewind.runtime.failpoints import failpoint, planted
from tradewind.runtime.telemetry import metrics
from tradewind.runtime.timers import Timer
from tradewind.runtime.wake import POLL_S, Bell

PACE_S: Final = 0.02
"""Time between two turns that found something: what comes meanwhile shares the next one's transaction."""
NEXT_BEFORE: Final = timedelta(seconds=TIMEOUT_S + 1)
"""So long before the end of the lease the last message of a run is begun."""


class Crew:
    """What one process has under way. `came_back`: something is to be recorded."""

    def __init__(self) -> None:
        self.came_back = asyncio.Event()
        self.has_readers = True
        """Whether the last turn found a subscription that this process reads the log for; without, no bell matters."""
        self._outcomes: list[Outcome] = []
        self._untried: list[Any] = []
        self._away: Counter[UUID] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._putting = Putting()

    async def turn(self, db: Database) -> int:
        """Record, read, claim, send; how much there was to do. It does not wait for any partner."""
        self.came_back.clear()
        outcomes, self._outcomes = self._outcomes, []
        untried, self._untried = self._untried, []
        recorded: Sequence[Outcome] = ()
        try:
            async with db.transaction(internal_call("webhooks.deliver")) as tx:
                if outcomes:
                    recorded = await deliveries.record(tx, outcomes)
                    await _conclude(tx, recorded)
                if untried:
                    await deliveries.release(tx, untried)
                read = await reading.fan_out(tx)
                runs = await deliveries.claim(tx, self._away)
                if runs:
                    failpoint("webhooks.before_claim")
        except BaseException:
            self._outcomes += outcomes
            self._untried += untried
            raise
        if recorded:
            failpoint("webhooks.after_record")
            self._putting.put_off(_queue(db.peers), recorded)
        if runs:
            failpoint("webhooks.after_claim")
        _count(recorded)
        self._set_out(db, runs)
        self.has_readers = read is not None
        return len(outcomes) + len(untried) + (read or 0) + len(runs)

    async def returned(self) -> None:
        """Wait until nothing is under way."""
        while self._tasks:
            await asyncio.wait(self._tasks)
        await self._putting.over()

    def _set_out(self, db: Database, runs: Sequence[Sequence[Any]]) -> None:
        seal: Any = db.peers[SecretSeal]
        signers: dict[tuple[bytes, bytes | None], Signer] = {}
        for run in runs:
            sealed = run[0]["secret"], run[0]["old_secret"]
            if sealed not in signers:
                signers[sealed] = Signer([seal.open_secret(one) for one in sealed if one])
            self._away[run[0]["subscription_id"]] += 1
            task = asyncio.create_task(self._carry(db.peers, run, signers[sealed]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, peers: Any, run: Sequence[Any], signer: Signer) -> None:
        """Send messages of one key, the next as soon as the one before is taken; what is left waits for it."""
        subscription_id, sent = run[0]["subscription_id"], 0
        try:
            for row in run:
                if sent and not clock.now() < row["lease_until"] - NEXT_BEFORE:
                    break
                outcome = await _send(peers[Door], row, signer, timedelta(seconds=_queue(peers).grace_s))
                if planted("webhook_marked_before_answer"):
                    outcome = outcome._replace(status="DELIVERED")
                failpoint("webhooks.before_record")
                self._outcomes.append(outcome)
                self.came_back.set()
                sent += 1
                if outcome.status != "DELIVERED" and not planted("webhook_order_forgotten"):
                    break
            self._untried += run[sent:]
        finally:
            self._away[subscription_id] -= 1
            if not self._away[subscription_id]:
                del self._away[subscription_id]


def _queue(peers: Any) -> RetryQueue:
    queue: RetryQueue = peers[RetryQueue]
    return queue


async def _send(door: Any, row: Any, signer: Signer, grace: timedelta) -> Outcome:
    at = clock.now()
    body = row["body"].encode()
    headers = signer.signed(str(row["event_id"]), at, body)
    headers["X-BV-Sequence"] = str(row["sequence"])
    return _outcome(row, at, await door.post(row["url"], headers, body), grace)


def _outcome(row: Any, at: Any, answer: Answer, grace: timedelta) -> Outcome:
    attempts = row["attempts"] + 1
    due = None if answer.code == GONE else next_due(attempts, at, answer.retry_after_s)
    status = "DELIVERED" if answer.taken else "PENDING" if due else "DEAD"
    not_before = at + timedelta(seconds=answer.retry_after_s) if due else at
    latest = due + grace if due else at
    return Outcome(
        row["subscription_id"], row["sequence"], row["lease_until"], status, attempts, latest, answer.outcome, at,
        answer.code, not_before, row["event_id"],
    )  # fmt: skip


def _count(recorded: Sequence[Outcome]) -> None:
    taken = sum(one.status == "DELIVERED" for one in recorded)
    metrics.webhook_deliveries_total.labels("taken").inc(taken)
    metrics.webhook_deliveries_total.labels("failed").inc(len(recorded) - taken)
    metrics.webhook_retry_attempts_total.inc(sum(one.attempts > 1 for one in recorded))


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
