"""Waiting, for a while, until what is on its way has arrived: every event heard, no saga at work, no price to tell."""

import asyncio
from typing import Any, Final

HEAD: Final = """
    SELECT coalesce(max(stamp), 0) AS stamp, coalesce(max(position), 0) AS position
    FROM (SELECT stamp, position FROM runtime.outbox ORDER BY stamp DESC, position DESC LIMIT 1) AS last
"""
BUSY: Final = """
    SELECT EXISTS (SELECT FROM runtime.saga WHERE due_at <= now() + interval '60 seconds')
        OR EXISTS (SELECT FROM pricing.price_due)
        OR EXISTS (
            SELECT FROM unnest($1::text[], $2::text[]) AS u (subscriber, type)
            LEFT JOIN runtime.position AS p USING (subscriber)
            WHERE EXISTS (SELECT FROM runtime.outbox AS o WHERE o.type = u.type
                          AND (o.stamp, o.position) > (coalesce(p.stamp, 0), coalesce(p.position, 0))))
"""
LOOK_EVERY_S: Final = 0.1


async def settled(connection: Any, hears: dict[str, list[str]], within_s: float) -> tuple[int, int]:
    """Wait at most `within_s` seconds; answers the log's head as it was at first: all up to it must have been heard.

    A saga that sleeps for more than a minute (an order that waits to be paid) is not waited for.
    """
    if within_s <= 0:
        return 0, 0
    head = await connection.fetchrow(HEAD)
    pairs = [(name, event) for name, events in hears.items() for event in events]
    loop = asyncio.get_running_loop()
    end = loop.time() + within_s
    busy = True
    while busy and loop.time() < end:
        busy = await connection.fetchval(BUSY, [name for name, _ in pairs], [event for _, event in pairs])
        await asyncio.sleep(LOOK_EVERY_S if busy else 0)
    return head["stamp"], head["position"]
