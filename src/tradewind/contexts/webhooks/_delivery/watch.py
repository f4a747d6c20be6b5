"""How much waits, told as a metric and, beyond a threshold, as an alarm; what was taken is kept for a month."""

from datetime import timedelta
from typing import Final

from tradewind.contexts.webhooks._store import foreign
from tradewind.kernel.clock import now
from tradewind.runtime.database import Tx
from tradewind.runtime.telemetry import metrics
from tradewind.runtime.telemetry.logs import log
from tradewind.runtime.timers import Timer

WATCH_EVERY_S: Final = 15.0
PURGE_EVERY_S: Final = 600.0
ALARM_S: Final = 300.0
"""Age of the oldest message that waits for its first attempt, from which on operators are told."""
KEEP: Final = timedelta(days=30)
KEEP_FOREIGN: Final = timedelta(days=35)
"""What other databases told is kept for longer than messages about it, and as long as it may be heard again."""
PURGE_BATCH: Final = 5_000
BACKLOG: Final = """
    SELECT count(*) AS waiting,
           coalesce(extract(epoch FROM $1 - min(due_at) FILTER (WHERE attempts = 0)), 0)::float8 AS oldest_s
    FROM webhooks.delivery AS d JOIN webhooks.webhook_subscriptions AS s ON s.id = d.subscription_id
    WHERE d.status = 'PENDING' AND s.status = 'ACTIVE'
"""
PURGE_DELIVERIES: Final = """
    DELETE FROM webhooks.delivery WHERE (subscription_id, sequence) IN (
        SELECT subscription_id, sequence FROM webhooks.delivery
        WHERE status = 'DELIVERED' AND settled_at < $1 ORDER BY settled_at LIMIT $2)
"""
PURGE_ATTEMPTS: Final = """
    DELETE FROM webhooks.webhook_delivery_attempts WHERE (subscription_id, sequence, id) IN (
        SELECT subscription_id, sequence, id FROM webhooks.webhook_delivery_attempts
        WHERE at < $1 ORDER BY at LIMIT $2)
"""


async def watch(tx: Tx) -> int:
    """Tell the backlog."""
    row = await tx.row(BACKLOG, now())
    assert row is not None, "an aggregate has a row"
    metrics.webhook_backlog.set(row["waiting"])
    metrics.webhook_oldest_waiting_seconds.set(row["oldest_s"])
    if row["oldest_s"] > ALARM_S:
        log.error("webhook backlog grows", waiting=row["waiting"], oldestSeconds=round(row["oldest_s"]))
    return 0


async def purge(tx: Tx) -> int:
    """Forget a batch of what is older than is kept; dead letters stay."""
    before = now() - KEEP
    gone = await tx.run(PURGE_DELIVERIES, before, PURGE_BATCH)
    gone += await foreign.forget(tx, now() - KEEP_FOREIGN, PURGE_BATCH)
    return gone + await tx.run(PURGE_ATTEMPTS, before, PURGE_BATCH)


WATCH: Final = Timer("webhooks.watch", WATCH_EVERY_S, watch)
PURGE: Final = Timer("webhooks.purge", PURGE_EVERY_S, purge)
