"""What to look at when something does not come: how far everybody has heard, who leads, who holds what up."""

import asyncio
from typing import Any, Final

import asyncpg

LOOK_WITHIN_S: Final = 20.0
BEHIND: Final = """
    SELECT p.subscriber, p.stamp, p.position, p.moved_at, now() AS looked_at
    FROM runtime.position AS p
    WHERE (p.stamp, p.position) < (SELECT stamp, position FROM runtime.outbox
                                   ORDER BY stamp DESC, position DESC LIMIT 1)
    ORDER BY p.stamp, p.position LIMIT 8
"""
LEADS: Final = """
    SELECT l.pid, a.application_name, a.state, a.wait_event, a.state_change, left(a.query, 80) AS query
    FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
    WHERE l.locktype = 'advisory' AND l.granted AND l.objid = hashtext('tradewind.relay')::oid
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
DUE: Final = """
    SELECT id, name, phase, step, attempt, due_at, lease_until, fence FROM runtime.saga
    WHERE due_at <= now() ORDER BY due_at LIMIT 8
"""
OPEN: Final = """
    SELECT pid, datname, application_name, state, wait_event, backend_xid, xact_start,
           pg_blocking_pids(pid) AS waits_for, left(query, 80) AS query
    FROM pg_stat_activity
    WHERE pid <> pg_backend_pid()
      AND (backend_xid IS NOT NULL OR datname = current_database() AND xact_start IS NOT NULL)
    ORDER BY xact_start LIMIT 8
"""
CONNECTED: Final = """
    SELECT coalesce(datname, '(none)') AS datname, count(*), current_setting('max_connections') AS of_at_most
    FROM pg_stat_activity WHERE backend_type = 'client backend' GROUP BY datname ORDER BY 2 DESC LIMIT 8
"""
LOOKS: Final = {
    "who has not heard the log's last event": BEHIND,
    "who leads the relay": LEADS,
    "sagas that are due": DUE,
    "open transactions of the cluster, the oldest first": OPEN,
    "connections, by database": CONNECTED,
}


async def evidence(pool: Any) -> list[str]:
    """What the database knows; that it does not answer, where it does not."""
    found = []
    try:
        async with asyncio.timeout(LOOK_WITHIN_S), pool.acquire() as connection:
            for what, sql in LOOKS.items():
                rows = await connection.fetch(sql)
                found += [f"{what}: {' '.join(f'{name}={value}' for name, value in row.items())}" for row in rows]
                found += [] if rows else [f"{what}: nobody"]
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as away:
        found.append(f"the database does not say: {away!r}")
    return found
