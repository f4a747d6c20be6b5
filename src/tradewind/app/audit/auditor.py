"""One audit: every check of the database in one snapshot, then the provider's ledger."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import aiohttp
import asyncpg
import msgspec

from tradewind.app.audit import columns as counted_columns
from tradewind.app.audit import provider_ledger, revenue
from tradewind.app.audit.cart_events import cart_events
from tradewind.app.audit.checks import GRACE_S, PROBES, Probe, consumers
from tradewind.app.audit.order_events import order_events
from tradewind.app.audit.report import Check, Findings, Report
from tradewind.app.audit.waiting import settled
from tradewind.app.placement import CONTEXTS
from tradewind.app.wiring import WHICH, manifests

SETTINGS: Final = {
    "application_name": "tradewind audit",
    "default_transaction_read_only": "on",
    "work_mem": "64MB",
    "jit": "off",
    "timezone": "UTC",
}
"""How the auditor connects: it cannot write, and it may sort."""
STATEMENT_WITHIN_S: Final = 600.0


async def audit(
    database_url: str,
    provider_url: str | None,
    *,
    gateway_url: str | None = None,
    settle_s: float = 0.0,
    columns: Callable[[str], counted_columns.Countable] | None = None,
    within: Any = None,
    heard_by: dict[str, list[str]] | None = None,
) -> Report:
    """Check every promise. Changes nothing, and may run while the shop does.

    With `settle_s`, wait at most that many seconds for sagas and subscribers to finish what is on its way; what was in
    the log before must then have been heard. Without a `provider_url` its ledger is not compared. `gateway_url`: where
    the legacy gateway keeps its books, if payments were taken there; they count as much. `columns`: by what tells a
    database from every other one, where its revenue is counted; without them that is not compared. `within`: a
    connection to use instead of one of its own; `heard_by`: the subscribers that there should be. Raises
    what asyncpg raises where the database is away.
    """
    subscribers = hears(CONTEXTS) if heard_by is None else heard_by
    connection: Any = within or await asyncpg.connect(
        database_url, server_settings=SETTINGS, command_timeout=STATEMENT_WITHIN_S
    )
    try:
        target = await settled(connection, subscribers, settle_s)
        counted = columns and await counted_columns.counted(columns(await connection.fetchval(WHICH)))
        findings = Findings(provider_ledger.NAME, provider_ledger.ADVICE)
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            probes = (*PROBES, consumers(subscribers, target))
            checks = [await probe.run(connection) for probe in probes]
            checks += [one.check() for one in (*await order_events(connection), await cart_events(connection))]
            if counted is not None:
                checks.append(await _revenue(connection, counted))
            suspects, before = await _provider(
                connection, [url for url in (provider_url, gateway_url) if url], findings
            )
        after = await provider_ledger.standing(connection, suspects)
        provider_ledger.settle(suspects, before, after, findings)
        return Report.of(checks if provider_url is None else [*checks, findings.check()])
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError) as missing:
        return _no_shop(missing)
    finally:
        if within is None:
            await connection.close()


async def _revenue(connection: Any, counted: counted_columns.Counted) -> Check:
    """Whether what analytics counted is what the books of the snapshot say."""
    if counted.trouble:
        return Check(name=revenue.NAME, ok=False, checked=0, violations=[f"{counted.trouble}. Next: {revenue.ADVICE}"])
    return await Probe(revenue.NAME, revenue.REVENUE, revenue.ADVICE, (*counted[:3], GRACE_S)).run(connection)


def hears(contexts: Sequence[str], *, elsewhere: bool = False) -> dict[str, list[str]]:
    """Every subscriber that these contexts say they have, with the wire types of what it hears.

    `elsewhere`: with those that hear other databases alone.
    """
    found = [subscriber for one in manifests(contexts) for subscriber in one.subscribers]
    if elsewhere:
        found += [subscriber for one in manifests(contexts) for subscriber in one.hears_elsewhere]
    return {one.name: [event.TYPE for event in one.events] for one in found}


async def _provider(
    connection: Any, urls: Sequence[str], findings: Findings
) -> tuple[list[provider_ledger.Suspect], dict[Any, str]]:
    """Read the ledgers and compare them inside the snapshot; the suspects, and where they stand in the snapshot."""
    if not urls:
        return [], {}
    try:
        accounts = await provider_ledger.read_ledger(*urls)
    except (aiohttp.ClientError, TimeoutError, msgspec.DecodeError) as trouble:
        findings.violation(f"the ledger at {' or '.join(urls)} cannot be read: {trouble!r}")
        return [], {}
    suspects = await provider_ledger.compare(connection, accounts, findings)
    return suspects, await provider_ledger.standing(connection, suspects)


def _no_shop(missing: Exception) -> Report:
    wrong = f"{missing}. Next: tradewind serve makes the tables when it starts for the first time"
    return Report.of([Check(name="tables", ok=False, checked=0, violations=[wrong])])
