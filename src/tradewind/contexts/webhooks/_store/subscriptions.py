"""The SQL of webhooks.webhook_subscriptions."""

from typing import Any, Final
from uuid import UUID

import msgspec

from tradewind.contexts.webhooks._domain.subscription import NoSuchSubscription, Status, SubscriptionView
from tradewind.runtime.database import Tx

INSERT: Final = """
    INSERT INTO webhooks.webhook_subscriptions (id, url, event_types, filter, secret, stamp, position)
    SELECT $1, $2, $3::text[], $4::text::jsonb, $5, coalesce(max(o.stamp), 0), coalesce(max(o.position), 0)
    FROM (SELECT stamp, position FROM (
              (SELECT stamp, position FROM runtime.outbox
               WHERE stamp < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
               ORDER BY stamp DESC, position DESC LIMIT 1)
              UNION ALL
              (SELECT stamp, position FROM webhooks.foreign_event
               WHERE stamp < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
               ORDER BY stamp DESC, position DESC LIMIT 1)) AS newest
          ORDER BY stamp DESC, position DESC LIMIT 1) AS o
"""
"""It hears whatever is not yet below the horizon: all that is committed from now on, and perhaps a little before."""
READ: Final = "SELECT *, filter::text AS said FROM webhooks.webhook_subscriptions WHERE id = $1"
LOCK: Final = "SELECT *, filter::text AS said FROM webhooks.webhook_subscriptions WHERE id = $1 FOR UPDATE"
LIST: Final = """
    SELECT *, filter::text AS said FROM webhooks.webhook_subscriptions WHERE id > $1 ORDER BY id LIMIT $2
"""
SET_STATUS: Final = """
    UPDATE webhooks.webhook_subscriptions
    SET status = $2, why = NULL, failures = 0, open_until = '-infinity' WHERE id = $1
"""
ROTATE: Final = """
    UPDATE webhooks.webhook_subscriptions SET old_secret = secret, old_until = $3, secret = $2 WHERE id = $1
"""
DELETE: Final = "DELETE FROM webhooks.webhook_subscriptions WHERE id = $1"
FORGET_ATTEMPTS: Final = "DELETE FROM webhooks.webhook_delivery_attempts WHERE subscription_id = $1"
"""After the subscription: whoever records an attempt holds a delivery that goes with it, so there are no more."""


async def read(tx: Tx, id_: UUID) -> SubscriptionView:
    """The subscription; refuses NoSuchSubscription."""
    return _found(await tx.row(READ, id_))


async def lock(tx: Tx, id_: UUID) -> SubscriptionView:
    """The subscription, which nobody else changes until the end of the transaction; refuses NoSuchSubscription."""
    return _found(await tx.row(LOCK, id_))


def _found(row: Any) -> SubscriptionView:
    if row is None:
        raise NoSuchSubscription
    return view(row)


def view(row: Any) -> SubscriptionView:
    """A row as it is shown; its secrets are not."""
    return SubscriptionView(
        id=row["id"],
        url=row["url"],
        event_types=row["event_types"],
        filter=msgspec.json.decode(row["said"]),
        status=Status(row["status"]),
        why=row["why"],
        sequence=row["sequence"],
        failures=row["failures"],
        created_at=row["created_at"],
    )
