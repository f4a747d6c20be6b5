"""Carts that nobody touches: after a while it is told, after a long while they are closed, by the database's clock."""

from collections.abc import Sequence
from typing import Any, Final

from tradewind.contexts.carts._domain.settings import ABANDONED_AFTER_S, EXPIRES_AFTER_S, LOOK_EVERY_S, MAX_AT_ONCE
from tradewind.contexts.carts._store import carts
from tradewind.contracts.carts import CartAbandoned, CartExpired
from tradewind.runtime.database import Tx
from tradewind.runtime.telemetry import metrics
from tradewind.runtime.timers import Timer

LEFT_ALONE: Final = """
    SELECT c.id, c.version,
           (SELECT count(*) FROM carts.cart_items AS i WHERE i.cart_id = c.id AND NOT i.saved) AS lines
    FROM carts.carts AS c
    WHERE c.status = 'OPEN' AND c.abandoned_at IS NULL AND c.touched_at <= now() - make_interval(secs => $1)
      AND EXISTS (SELECT FROM carts.cart_items AS i WHERE i.cart_id = c.id AND NOT i.saved)
    ORDER BY c.touched_at LIMIT $2 FOR NO KEY UPDATE OF c SKIP LOCKED
"""
NOTE: Final = """
    UPDATE carts.carts SET abandoned_at = now(), version = version + 1 WHERE id = ANY($1::uuid[])
"""
GIVEN_UP: Final = """
    SELECT id, version FROM carts.carts
    WHERE status = 'OPEN' AND touched_at <= now() - make_interval(secs => $1)
    ORDER BY touched_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED
"""
CLOSE: Final = """
    UPDATE carts.carts SET status = 'EXPIRED', version = version + 1 WHERE id = ANY($1::uuid[])
"""


async def abandon_carts(tx: Tx) -> int:
    """Tell of filled carts that were left alone, each once until somebody touches it again; how many."""
    rows = await tx.all(LEFT_ALONE, float(ABANDONED_AFTER_S), MAX_AT_ONCE)
    events = [(row, CartAbandoned(cart_id=row["id"], lines=row["lines"])) for row in rows]
    _write(tx, events)
    if events:
        tx.later(NOTE, [row["id"] for row in rows])
        tx.on_commit.append(lambda: metrics.carts_abandoned_total.inc(len(rows)))
    return len(rows)


async def expire_carts(tx: Tx) -> int:
    """Close carts that nobody came back to; how many."""
    rows = await tx.all(GIVEN_UP, float(EXPIRES_AFTER_S), MAX_AT_ONCE)
    _write(tx, [(row, CartExpired(cart_id=row["id"])) for row in rows])
    if rows:
        tx.later(CLOSE, [row["id"] for row in rows])
    return len(rows)


def _write(tx: Tx, events: Sequence[tuple[Any, CartAbandoned | CartExpired]]) -> None:
    if events:
        carts.append(tx, [(row["id"], row["version"] + 1, event) for row, event in events])
        tx.tell(*(event for _, event in events))
        for row, event in events:
            tx.audit(f"carts.{type(event).__name__}", str(row["id"]), version=row["version"] + 1)


ABANDON_CARTS = Timer("carts.abandon_carts", LOOK_EVERY_S, abandon_carts)
EXPIRE_CARTS = Timer("carts.expire_carts", LOOK_EVERY_S, expire_carts)
