"""The crew that delivers: each turn records what came back, reads the log, claims what is due and sends it out.

Recording, reading and claiming share one transaction; posting is outside of any. Who dies before an attempt is recorded
leaves a lease that runs out, and the message goes out again with the same webhook-id. What is read is leased as it is
written; only what had to wait is claimed, and looked for where there may be some.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from time import monotonic
from typing import Any, Final
from uuid import UUID

from tradewind.contexts.webhooks._delivery.door import GONE, TIMEOUT_S, Answer, Door
from tradewind.contexts.webhooks._delivery.putting_off import Putting
from tradewind.contexts.webhooks._domain.signing import SecretSeal, Signer
from tradewind.contexts.webhooks._domain.subscription import next_due
from tradewind.contexts.webhooks._store import deliveries, reading
from tradewind.contexts.webhooks._store.deliveries import AT_ONCE, Message, Outcome
from tradewind.contexts.webhooks._store.reading import NOTHING, Read
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
"""From a turn's end to the next one where more is waiting than is under way: what comes back meanwhile shares it."""
LULL_S: Final = 0.06
"""Shortest time between the beginnings of any other two: what comes meanwhile shares the next one's transaction."""
NEXT_BEFORE: Final = timedelta(seconds=TIMEOUT_S + 1)
"""So long before the end of the lease the last message of a run is begun."""


class Crew:
    """What one process has under way. `came_back`: something is to be recorded."""

    def __init__(self) -> None:
        self.came_back = asyncio.Event()
        self.has_readers = True
        """Whether the last turn found a subscription that this process reads the log for; without, no bell matters."""
        self.has_more = False
        """Whether the last turn left messages behind that are due."""
        self._claim_at_s = 0.0
        self._outcomes: list[Outcome] = []
        self._untried: list[Message] = []
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
                read = await reading.fan_out(tx, self._away)
                runs = await self._take(tx, read, waiting=bool(outcomes or untried))
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
        return len(outcomes) + len(untried) + len(runs) + (read.written + read.goes_on if read else 0)

    async def _take(self, tx: Tx, read: Read | None, *, waiting: bool) -> list[list[Message]]:
        """What was read and leased, and what else is due: looked for where there may be some, and now and then."""
        read = read or NOTHING
        now_s = monotonic()
        if read.written and not (waiting or self.has_more) and now_s < self._claim_at_s:
            self.has_more = read.waiting or read.goes_on
            return read.runs
        self._claim_at_s = now_s + POLL_S
        away = self._away + Counter(run[0].subscription_id for run in read.runs)
        claimed = await deliveries.claim(tx, away)
        away.update(run[0].subscription_id for run in claimed)
        self.has_more = read.goes_on or any(number >= AT_ONCE for number in away.values())
        return read.runs + claimed

    async def returned(self) -> None:
        """Wait until nothing is under way."""
        while self._tasks:
            await asyncio.wait(self._tasks)
        await self._putting.over()

    def _set_out(self, db: Database, runs: Sequence[Sequence[Message]]) -> None:
        seal: Any = db.peers[SecretSeal]
        signers: dict[tuple[bytes, bytes | None], Signer] = {}
        for run in runs:
            sealed = run[0].secret, run[0].old_secret
            if sealed not in signers:
                signers[sealed] = Signer([seal.open_secret(one) for one in sealed if one])
            self._away[run[0].subscription_id] += 1
            task = asyncio.create_task(self._carry(db.peers, run, signers[sealed]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, peers: Any, run: Sequence[Message], signer: Signer) -> None:
        """Send messages of one key, the next as soon as the one before is taken; what is left waits for it."""
        subscription_id, sent = run[0].subscription_id, 0
        try:
            for message in run:
                if sent and not clock.now() < message.lease_until - NEXT_BEFORE:
                    break
                outcome = await _send(peers[Door], message, signer, timedelta(seconds=_queue(peers).grace_s))
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


async def _send(door: Any, message: Message, signer: Signer, grace: timedelta) -> Outcome:
    at = clock.now()
    body = message.body.encode()
    headers = signer.signed(str(message.event_id), at, body)
    headers["X-BV-Sequence"] = str(message.sequence)
    return _outcome(message, at, await door.post(message.url, headers, body), grace)


def _outcome(message: Message, at: Any, answer: Answer, grace: timedelta) -> Outcome:
    attempts = message.attempts + 1
    due = None if answer.code == GONE else next_due(attempts, at, answer.retry_after_s)
    status = "DELIVERED" if answer.taken else "PENDING" if due else "DEAD"
    not_before = at + timedelta(seconds=answer.retry_after_s) if due else at
    latest = due + grace if due else at
    return Outcome(
        message.subscription_id, message.sequence, message.lease_until, status, attempts, latest, answer.outcome, at,
        answer.code, not_before, message.event_id,
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
    """One turn; where it found nothing, wait for a bell or for an answer that comes back. Then the time of a turn."""
    crew: Any = db.peers[Crew]
    bell: Any = db.peers[Bell]
    rings, began_s = bell.rings, monotonic()
    found = await crew.turn(db)
    if not found:
        await _news(crew, bell, rings)
    await asyncio.sleep(PACE_S if found and crew.has_more else began_s + LULL_S - monotonic())
    return 1


async def _news(crew: Crew, bell: Bell, rings: int) -> None:
    ring = bell.rung(POLL_S, since=rings) if crew.has_readers else bell.over(POLL_S)
    waits = [asyncio.create_task(ring), asyncio.create_task(crew.came_back.wait())]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


DELIVER: Final = Timer("webhooks.deliver", POLL_S, deliver, apart=True)
