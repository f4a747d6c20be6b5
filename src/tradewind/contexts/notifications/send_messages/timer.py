"""Send what is due, a channel at a time, in every worker: a carrier that is away holds up no other channel.

Claimed under a lease, decided upon in the same transaction, handed over outside of any, and noted under the fence that
was claimed. A worker that dies in between leaves its messages to the end of the lease; whoever sends them again does so
under the same id, by which the receiver tells: on the wire at least once, in the mailbox once.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final, NamedTuple

from tradewind.contexts.notifications._domain.messages import Channel
from tradewind.contexts.notifications._domain.timing import retry_after
from tradewind.contexts.notifications._store import messages
from tradewind.contexts.notifications.send_messages.deciding import Later, Never, Ready, decide
from tradewind.contexts.notifications.settings import AT_ONCE, LEASE_S, LOOK_EVERY_S, PER_MINUTE, SEND_WITHIN_S
from tradewind.kernel.clock import now
from tradewind.kernel.errors import Unavailable
from tradewind.kernel.ids import new_id
from tradewind.ports.mail import Mail, Mailer, Undeliverable
from tradewind.ports.texting import Carriage, Text, Texter
from tradewind.runtime.call import internal_call
from tradewind.runtime.database import Database, Tx
from tradewind.runtime.failpoints import failpoint, planted
from tradewind.runtime.telemetry import metrics
from tradewind.runtime.telemetry.logs import log
from tradewind.runtime.timers import Timer

MIN_ALLOWANCE: Final = 1
QUIET: Final = "quiet hours"


class _Outcome(NamedTuple):
    """How one went. `again_in`: not known whether it was taken."""

    ready: Ready
    status: str = "SENT"
    why: str | None = None
    again_in: timedelta | None = None


async def send_due(db: Database, channel: Channel) -> int:
    """Send a handful of what is due on `channel`; how many it dealt with."""
    call = internal_call(f"notifications.send_{channel.lower()}")
    async with db.transaction(call) as tx:
        dealt, ready = await _claim(tx, channel)
        failpoint("notifications.before_claim")
    failpoint("notifications.after_claim")
    if ready:
        outcomes = await asyncio.gather(*(_send(db, one) for one in ready))
        failpoint("notifications.after_send")
        async with db.transaction(call) as tx:
            gone = await _record(tx, outcomes)
            failpoint("notifications.before_record")
        failpoint("notifications.after_record")
        peers: Any = db.peers
        for user_id in gone:
            await peers[Mailer].forget(user_id)
            await peers[Texter].forget(user_id)
        for outcome in outcomes:
            metrics.messages_total.labels(channel.value, outcome.status if outcome.again_in is None else "AGAIN").inc()
    return dealt


async def look(db: Database, channel: Channel) -> int:
    """Send what is due; again at once only after a whole handful: what comes meanwhile shares the next look's cost."""
    dealt = await send_due(db, channel)
    return dealt if dealt >= AT_ONCE else 0


async def _claim(tx: Tx, channel: Channel) -> tuple[int, Sequence[Ready]]:
    if not await messages.is_due(tx, channel):
        return 0, []
    allowed = await messages.allowance(tx, channel, PER_MINUTE[channel])
    if allowed < MIN_ALLOWANCE:
        return 0, []
    claimed = await messages.claim(tx, channel, min(AT_ONCE, allowed), LEASE_S)
    if not claimed:
        return 0, []
    decided = await decide(tx, claimed)
    if later := [(one.message, one.due_at, one.message.attempt, QUIET) for one in decided if isinstance(one, Later)]:
        await messages.postpone(tx, later)
    if never := [(one.message, "SKIPPED", one.why, None) for one in decided if isinstance(one, Never)]:
        await messages.settle(tx, never)
    ready = [one for one in decided if isinstance(one, Ready)]
    await messages.spend(tx, channel, len(ready))
    return len(claimed), ready


async def _send(db: Database, ready: Ready) -> _Outcome:
    attempt = ready.message.attempt + 1
    try:
        async with asyncio.timeout(SEND_WITHIN_S):
            failpoint("notifications.before_send")
            await _hand_over(db.peers, ready)
    except Undeliverable as no:
        return _Outcome(ready, "BOUNCED", f"refused: {no.facts.get('code', '')}")
    except (Unavailable, TimeoutError) as trouble:
        log.warning("message not handed over", kind=ready.message.kind, attempt=attempt, error=type(trouble).__name__)
        again_in = retry_after(attempt)
        return _Outcome(ready, "FAILED", type(trouble).__name__, again_in)
    except ValueError as unfit:
        return _Outcome(ready, "FAILED", type(unfit).__name__)
    return _Outcome(ready)


async def _hand_over(peers: Any, ready: Ready) -> None:
    one, rendered = ready.message, ready.rendered
    effect_id = new_id() if planted("new_id_each_try") else one.id
    if one.channel is Channel.EMAIL:
        mail = Mail(
            id=effect_id,
            recipient=ready.address,
            subject=rendered.subject,
            body=rendered.text,
            html=rendered.html,
            written_at=one.owed_at,
            user_id=ready.user_id,
            unsubscribe_url=ready.unsubscribe_url,
        )
        await peers[Mailer].send(mail)
        return
    text = Text(
        id=effect_id,
        carriage=Carriage(one.channel.value),
        recipient=ready.address,
        title=rendered.subject,
        body=rendered.brief,
        written_at=one.owed_at,
        user_id=ready.user_id,
    )
    await peers[Texter].send(text)


async def _record(tx: Tx, outcomes: Sequence[_Outcome]) -> frozenset[str]:
    """Note how they went; those people who were erased while their messages were on the way."""
    present = await messages.present(tx, [one.ready.message.id for one in outcomes])
    if again := [
        (one.ready.message, now() + one.again_in, one.ready.message.attempt + 1, one.why)
        for one in outcomes
        if one.again_in
    ]:
        await messages.postpone(tx, again)
    if settled := [
        (one.ready.message, one.status, one.why, one.ready.digest if one.status != "FAILED" else None)
        for one in outcomes
        if one.again_in is None
    ]:
        await messages.settle(tx, settled)
    if stopped := [one.ready.digest for one in outcomes if one.status == "BOUNCED"]:
        await messages.stop(tx, stopped)
    return frozenset(one.ready.user_id for one in outcomes if one.ready.message.id not in present)


SENDERS: Final = tuple(
    Timer(f"notifications.send_{channel.lower()}", LOOK_EVERY_S, partial(look, channel=channel), apart=True)
    for channel in Channel
)
