"""One audit of several databases: the shop's, and those of contexts that run apart.

Their tables are copied into temporary ones of the connection to the shop's database, so that every check reads all as
if they were one. That is sound where nothing happened in between: all logs must end where they ended before the copy,
once the checks are done, and everywhere everything must have been heard that others told. Else it is done again; a shop
that never holds still for so long is told so, and nothing about it is claimed. Needs the right to make temporary
tables.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import asyncpg

from tradewind.app.audit import copies, log, revenue, sagas, snapshot, waiting
from tradewind.app.audit.auditor import SETTINGS, STATEMENT_WITHIN_S, audit, hears
from tradewind.app.audit.checks import OVERDUE_S, Probe, consumers
from tradewind.app.audit.copies import Sides
from tradewind.app.audit.report import SHOWN, Check, Report
from tradewind.app.engines import connected
from tradewind.app.placement import CONTEXTS

TRIES: Final = 5
END: Final = "SELECT coalesce(max(position), 0) FROM runtime.outbox"
MOVES: Final = "SELECT format('%s/%s', count(*), sum(fence)) FROM runtime.saga"
"""Changes with every saga that begins or is carried: before somebody is asked for anything, and no event may tell."""
BUSY: Final = "SELECT EXISTS (SELECT FROM runtime.saga WHERE due_at <= now() + interval '60 seconds')"
TOLD: Final = """
    SELECT event_id FROM runtime.outbox
    WHERE type = ANY($1::text[]) AND occurred_at > now() - make_interval(days => $2) ORDER BY position
"""
UNHEARD: Final = """
    SELECT event_id FROM unnest($1::uuid[]) WITH ORDINALITY AS u (event_id, nth)
    WHERE NOT EXISTS (SELECT FROM runtime.inbox AS i JOIN runtime.kafka_position AS k USING (topic, partition)
                      WHERE i.event_id = u.event_id AND k.subscriber = $2 AND i.place < k.next)
    ORDER BY nth
"""
REMEMBERED_DAYS: Final = 30
"""For so long a database knows what it has heard from elsewhere (35 days, and a margin)."""
LOOK_EVERY_S: Final = 0.2
_READER: Final = "is its process running (tradewind serve)? Does Kafka answer? tradewind doctor tells"


async def audit_across(
    database_url: str, apart: Mapping[str, str], provider_url: str | None, *, settle_s: float = 0.0, **more: Any
) -> Report:
    """Every promise, over all databases. `apart`: context to its own database.

    `settle_s` and `more`: see `audit`; each try may wait for so long.
    """
    of_shop = hears([one for one in CONTEXTS if one not in apart])
    for _ in range(TRIES):
        async with _all(database_url, apart) as (shop, sides):
            await waiting.settled(shop, of_shop, settle_s)
            across = await _heard(shop, sides, settle_s)
            ends = await _ends(shop, sides)
            await copies.copy(sides, shop)
            within = copies.AsOne(shop, sides)
            found = await audit(database_url, provider_url, settle_s=settle_s, within=within, heard_by=of_shop, **more)
            own = [check for context, one in sides.items() for check in await _of(context, one)]
            if ends == await _ends(shop, sides):
                judged = [one for one in found.checks if across.ok or one.name not in (snapshot.NAME, revenue.NAME)]
                return Report.of([*judged, across, *own])
    busy = (
        f"The logs went on during each of {TRIES} tries. Next: audit when less happens; nothing is claimed until then"
    )
    return Report.of([Check(name="all databases at one moment", ok=False, checked=TRIES, violations=[busy])])


@asynccontextmanager
async def _all(shop_url: str, apart: Mapping[str, str]) -> AsyncIterator[tuple[Any, Sides]]:
    async with AsyncExitStack() as stack:

        def kept(one: Any) -> Any:
            stack.push_async_callback(one.close)
            return one

        how: dict[str, Any] = {"server_settings": SETTINGS, "command_timeout": STATEMENT_WITHIN_S}
        shop, sides = kept(await asyncpg.connect(shop_url, **how)), {}
        for context, url in apart.items():
            sides[context] = kept(await connected(context, url, **how))
        yield shop, sides


async def _ends(shop: Any, sides: Sides) -> list[Any]:
    """Where all logs end, and how far the sagas are that are carried apart."""
    moves = [await one.fetchval(MOVES) for one in sides.values()]
    return [*[await one.fetchval(END) for one in (shop, *sides.values())], *moves]


async def _of(context: str, side: Any) -> list[Check]:
    """What is to be said of a context's own log and database."""
    probes = (
        Probe(f"order in the log of {context}", log.LOG_ORDER, "a writer told an event without holding its key's row"),
        Probe(f"dead letters of {context}", log.DEAD_LETTERS, "mend the cause, then have it hear the event again"),
        consumers(hears([context]), (0, 0))._replace(name=f"every event heard by {context}"),
        Probe(f"nothing left behind by {context}", sagas.LEFTOVERS, "end the connection, or roll the prepared "
              "transaction back", (OVERDUE_S,)),
    )  # fmt: skip
    return [await probe.run(side) for probe in probes]


async def _heard(shop: Any, sides: Sides, within_s: float) -> Check:
    """Whether each has heard what the others told, and nobody is carrying anything; waits at most `within_s` seconds
    for that."""
    ways = [way for way in _ways(shop, sides) if way[3]]
    end = asyncio.get_running_loop().time() + within_s
    while True:
        counted = [await _unheard(*way) for way in ways]
        wrong = [line for _, line in counted if line]
        busy = wrong or any([await side.fetchval(BUSY) for side in sides.values()])
        if not busy or asyncio.get_running_loop().time() >= end:
            break
        await asyncio.sleep(LOOK_EVERY_S)
    return Check(
        name="heard across databases",
        ok=not wrong,
        checked=sum(checked for checked, _ in counted),
        violations=[f"{line}. Next: {_READER}" for line in wrong[:SHOWN]],
    )


def _ways(shop: Any, sides: Sides) -> list[tuple[Any, Any, str, list[str]]]:
    """Each way from one log to a subscriber in another database: told where, heard where, by whom, which types.

    What orders tell of inventory's nobody hears: inventory tells it as well.
    """
    prefixes = {context: copies.MAY_BE_APART[context].tells for context in sides}
    found = []
    for heard_by in (None, *sides):
        heard_in = shop if heard_by is None else sides[heard_by]
        hearing = hears([heard_by] if heard_by else [one for one in CONTEXTS if one not in sides], elsewhere=True)
        for name, types in hearing.items():
            for told_by, told_in in ((None, shop), *sides.items()):
                if told_by != heard_by:
                    found.append((told_in, heard_in, name, [one for one in types if _teller(one, prefixes) == told_by]))
    return found


def _teller(type_: str, prefixes: Mapping[str, str]) -> str | None:
    """Which context's log tells it; None is the shop's."""
    return next((context for context, prefix in prefixes.items() if type_.startswith(prefix)), None)


async def _unheard(told_in: Any, heard_in: Any, subscriber: str, types: Sequence[str]) -> tuple[int, str]:
    ids = [row["event_id"] for row in await told_in.fetch(TOLD, types, REMEMBERED_DAYS)]
    rows = await heard_in.fetch(UNHEARD, ids, subscriber)
    if not rows:
        return len(ids), ""
    return len(ids), f"subscriber {subscriber} has not heard {len(rows)} events, the first is {rows[0]['event_id']}"
