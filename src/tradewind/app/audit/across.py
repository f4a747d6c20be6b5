"""One audit of two databases: the shop's, and that of an inventory which runs apart.

Inventory's tables are copied into temporary ones of the connection to the shop's database, so that every check reads
both as if they were one. That is sound where nothing happened in between: both logs must end where they ended before
the copy, once the checks are done, and in both everything must have been heard that the other told. Else it is done
again; a shop that never holds still for so long is told so, and nothing about it is claimed. Needs the right to make
temporary tables.
"""

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import asyncpg

from tradewind.app.audit import log, snapshot
from tradewind.app.audit.auditor import SETTINGS, STATEMENT_WITHIN_S, audit, hears
from tradewind.app.audit.checks import Probe, consumers
from tradewind.app.audit.report import SHOWN, Check, Report
from tradewind.app.placement import CONTEXTS, INVENTORY

TRIES: Final = 5
TABLES: Final = (
    "inventory_stock", "inventory_adjustment", "bundle", "reservation", "claim", "backorder", "transfer",
    "transfer_line", "purchase", "purchase_line",
)  # fmt: skip
"""What the checks read of inventory."""
NAMED: Final = re.compile(rf"(?<![.\w])inventory\.({'|'.join(sorted(TABLES, key=len, reverse=True))})\b")
END: Final = "SELECT coalesce(max(position), 0) FROM runtime.outbox"
SPELL_COPY: Final = "SELECT format('CREATE TEMP TABLE %I (LIKE inventory.%I)', $1::text, $1)"
LEAVE_OUT: Final = """
    DELETE FROM inventory.claim AS c WHERE EXISTS (SELECT FROM orders.orders AS o WHERE o.id = c.id)
        OR EXISTS (SELECT FROM orders.edit AS e WHERE e.id = c.id)
"""
"""Of the copy. What orders and edits hold from afar was tried like anybody else's claim; to the checks it is theirs."""
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
OF_INVENTORY: Final = "ecommerce.inventory."
_READER: Final = "is its process running (tradewind serve)? Does Kafka answer? tradewind doctor tells"


async def audit_across(
    database_url: str, inventory_url: str, provider_url: str | None, *, settle_s: float = 0.0, **more: Any
) -> Report:
    """Every promise, over both databases. `settle_s` and `more`: see `audit`; each try may wait for so long."""
    for _ in range(TRIES):
        async with _both(database_url, inventory_url) as (shop, inventory):
            across = await _heard(shop, inventory, settle_s)
            ends = await _ends(shop, inventory)
            await _copy(inventory, shop)
            of_shop = hears([one for one in CONTEXTS if one != INVENTORY])
            found = await audit(
                database_url, provider_url, settle_s=settle_s, within=_AsOne(shop), heard_by=of_shop, **more
            )
            own = await _of_inventory(inventory, settle_s)
            if ends == await _ends(shop, inventory):
                judged = [one for one in found.checks if across.ok or one.name != snapshot.NAME]
                return Report.of([*judged, across, *own])
    busy = (
        f"The logs went on during each of {TRIES} tries. Next: audit when less happens; nothing is claimed until then"
    )
    return Report.of([Check(name="both databases at one moment", ok=False, checked=TRIES, violations=[busy])])


class _AsOne:
    """A connection to which inventory's tables are its copies of them."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def fetch(self, sql: str, *arguments: Any) -> Any:
        return await self._connection.fetch(_there(sql), *arguments)

    async def fetchrow(self, sql: str, *arguments: Any) -> Any:
        return await self._connection.fetchrow(_there(sql), *arguments)

    async def fetchval(self, sql: str, *arguments: Any) -> Any:
        return await self._connection.fetchval(_there(sql), *arguments)

    def cursor(self, sql: str, *arguments: Any, **how: Any) -> Any:
        return self._connection.cursor(_there(sql), *arguments, **how)


def _there(sql: str) -> str:
    return NAMED.sub(r"pg_temp.\1", sql)


@asynccontextmanager
async def _both(shop_url: str, inventory_url: str) -> AsyncIterator[tuple[Any, Any]]:
    async with AsyncExitStack() as stack:
        found = []
        for url in (shop_url, inventory_url):
            one: Any = await asyncpg.connect(url, server_settings=SETTINGS, command_timeout=STATEMENT_WITHIN_S)
            stack.push_async_callback(one.close)
            found.append(one)
        yield found[0], found[1]


async def _ends(*connections: Any) -> list[int]:
    return [await one.fetchval(END) for one in connections]


async def _copy(inventory: Any, shop: Any) -> None:
    """All of inventory's tables of one moment."""
    await shop.execute("SET default_transaction_read_only = off")
    async with inventory.transaction(isolation="repeatable_read", readonly=True):
        for name in TABLES:
            await shop.execute(await shop.fetchval(SPELL_COPY, name))
            with tempfile.TemporaryFile() as rows:
                await inventory.copy_from_table(name, schema_name=INVENTORY, output=rows, format="binary")
                rows.seek(0)
                await shop.copy_to_table(name, schema_name="pg_temp", source=rows, format="binary")
    await shop.execute(_there(LEAVE_OUT))
    await shop.execute("SET default_transaction_read_only = on")


async def _of_inventory(inventory: Any, settle_s: float) -> list[Check]:
    """What is to be said of inventory's own log."""
    probes = (
        Probe("order in inventory's log", log.LOG_ORDER, "a writer told an event without holding its key's row"),
        Probe("inventory's dead letters", log.DEAD_LETTERS, "mend the cause, then have it hear the event again"),
        consumers(hears([INVENTORY]), (0, 0))._replace(name="every event heard by inventory"),
    )
    return [await probe.run(inventory) for probe in probes]


async def _heard(shop: Any, inventory: Any, within_s: float) -> Check:
    """Whether each side has heard what the other told; waits at most `within_s` seconds for that."""
    of_inventory = hears([INVENTORY])
    of_shop = hears([one for one in CONTEXTS if one != INVENTORY])
    ways = [(shop, inventory, name, _types(types, inventory=False)) for name, types in of_inventory.items()]
    ways += [(inventory, shop, name, _types(types, inventory=True)) for name, types in of_shop.items()]
    end = asyncio.get_running_loop().time() + within_s
    while True:
        counted = [await _unheard(*way) for way in ways if way[3]]
        wrong = [line for _, line in counted if line]
        if not wrong or asyncio.get_running_loop().time() >= end:
            break
        await asyncio.sleep(LOOK_EVERY_S)
    return Check(
        name="heard across databases",
        ok=not wrong,
        checked=sum(checked for checked, _ in counted),
        violations=[f"{line}. Next: {_READER}" for line in wrong[:SHOWN]],
    )


async def _unheard(told_in: Any, heard_in: Any, subscriber: str, types: Sequence[str]) -> tuple[int, str]:
    ids = [row["event_id"] for row in await told_in.fetch(TOLD, types, REMEMBERED_DAYS)]
    rows = await heard_in.fetch(UNHEARD, ids, subscriber)
    if not rows:
        return len(ids), ""
    return len(ids), f"subscriber {subscriber} has not heard {len(rows)} events, the first is {rows[0]['event_id']}"


def _types(types: Sequence[str], *, inventory: bool) -> list[str]:
    """Those that the other side tells. What orders tell of inventory's nobody hears: inventory tells it as well."""
    return [one for one in types if one.startswith(OF_INVENTORY) is inventory]
