"""The whole shop: edge, worker, provider and Postgres together, from the POST to the confirmed order.

The saturating rate is the drained throughput: so many orders are posted as fast as 64 connections can, and divided by
the time from the first POST until the last of them is CONFIRMED (or PAID, which comes after). Half of it is then
offered at fixed moments, whether or not answers have come.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

import asyncpg
import msgspec
from msgspec import Struct

from bench.counted_part import Heard
from bench.load import Plan, Result
from bench.over_http import ORDERS
from bench.parts import Meter, counted, guest_token, load
from tradewind.app.bench.driving import percentile
from tradewind.app.bench.report import Figure, Goal
from tradewind.app.bench.shelves import SKUS
from tradewind.app.engines import Engines, engines
from tradewind.app.settings import Settings

LOG_RATE: Final = 200.0
DRAIN_POLL_S: Final = 0.05
DRAIN_WITHIN_S: Final = 300.0
WARM_UP: Final = 500
CONFIRMED: Final = "SELECT count(*) FROM orders.orders WHERE status IN ('CONFIRMED', 'PAID', 'FULFILLED')"
RESTING: Final = "SELECT count(*) FROM runtime.saga WHERE due_at IS NOT NULL"

Say = Callable[[str], None]


async def note_commits(settings: Settings) -> None:
    """Have this home's Postgres note from its next start on when each transaction commits; one's own must by itself."""
    if settings.database_url:
        return
    async with engines(settings) as found:
        connection: Any = await asyncpg.connect(found.database_url)
        await connection.execute(NOTE_COMMITS)
        await connection.close()


class Walk(Struct, frozen=True, kw_only=True):
    """What one run of the whole shop at a fixed rate showed. Milliseconds; CPU in microseconds an order."""

    rate: float
    post_ms: tuple[float, float]
    """p50 and p95, from the moment at which the order was due to be sent."""
    confirmed_ms: tuple[float, float]
    """p50 and p95, from the same moment until the event reached a subscriber."""
    heard_ms: tuple[float, float]
    """p50 and p99, from the commit of the placing transaction until its event reached a subscriber."""
    cpu_us: dict[str, float]
    statements: dict[str, float]


@dataclass
class WholeShop:
    """A running shop, counted. What its parts counted can be read once it has ended."""

    plan: Plan
    meter: Meter
    connection: Any
    files: dict[str, Path]

    async def place(self, count: int, *, rate: float = 0.0, seed: int) -> Result:
        """Ask for `count` orders and wait until all are confirmed; what came back."""
        before = await self.connection.fetchval(CONFIRMED)
        asked = msgspec.structs.replace(self.plan, count=count, rate=rate, seed=seed, connections=256 if rate else 64)
        result = await load(asked)
        async with asyncio.timeout(DRAIN_WITHIN_S):
            while await self.connection.fetchval(CONFIRMED) < before + count:  # noqa: ASYNC110 -- another process
                await asyncio.sleep(DRAIN_POLL_S)
        return result

    async def rest(self) -> None:
        """Return when no saga has anything left to do."""
        async with asyncio.timeout(DRAIN_WITHIN_S):
            while await self.connection.fetchval(RESTING):  # noqa: ASYNC110 -- another process
                await asyncio.sleep(DRAIN_POLL_S)


@asynccontextmanager
async def whole_shop(settings: Settings, found: Engines, **more: str) -> AsyncIterator[WholeShop]:
    """Edge and worker on a migrated database whose shelves are full. `more` are settings of theirs."""
    connection: Any = await asyncpg.connect(found.database_url)
    async with counted(settings, found, **more) as (port, pids, files):
        plan = Plan(port=port, path=ORDERS, token=await guest_token(port), skus=SKUS, count=0)
        yield WholeShop(plan, Meter(settings, pids), connection, files)
    await connection.close()


async def saturating_rate(settings: Settings, found: Engines, rounds: int, orders: int, say: Say) -> float:
    """The median drained throughput, in orders a second."""
    rates = []
    async with whole_shop(settings, found) as shop:
        await shop.place(WARM_UP, seed=-1)
        for number in range(rounds):
            await shop.rest()
            result = await shop.place(orders, seed=number)
            last = await shop.connection.fetchval(LAST_CONFIRMED, list(result.asked_at))
            rates.append(orders / (last - min(result.asked_at.values())))
            say(f"  round {number + 1}, the whole shop, drained: {rates[-1]:,.0f}/s")
    return float(median(rates))


LAST_CONFIRMED: Final = """
    SELECT extract(epoch FROM max(at))::float8 FROM orders.order_status_history
    WHERE order_id = ANY($1::text[]::uuid[]) AND status = 'CONFIRMED'
"""
NOTE_COMMITS: Final = "ALTER SYSTEM SET track_commit_timestamp = on"
COMMITTED_AT: Final = """
    SELECT key, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 FROM runtime.outbox
    WHERE key = ANY($1::text[]) AND type = 'ecommerce.order.order.created.v1'
"""


async def walk(settings: Settings, found: Engines, rate: float, seconds: float, seed: int) -> Walk:
    """One run at `rate` for `seconds`."""
    async with whole_shop(settings, found) as shop:
        await shop.place(WARM_UP, rate=min(rate, LOG_RATE), seed=-1 - seed)
        await shop.rest()
        count = int(rate * seconds)
        before = shop.meter.read()
        result = await shop.place(count, rate=rate, seed=seed)
        await shop.rest()
        after = shop.meter.read()
        committed = dict(await shop.connection.fetch(COMMITTED_AT, list(result.asked_at)))
    counted = {name: msgspec.json.decode(file.read_bytes(), type=Heard) for name, file in shop.files.items()}
    heard = counted["worker"]
    return Walk(
        rate=rate,
        post_ms=(result.run.p50_ms, result.run.p95_ms),
        confirmed_ms=_percentiles([heard.confirmed[order] - at for order, at in result.asked_at.items()], 0.95),
        heard_ms=_percentiles([heard.placed[order] - at for order, at in committed.items()], 0.99),
        cpu_us={name: (after[name] - before[name]) / count for name in after},
        statements={name: one.statements / (count + WARM_UP) for name, one in counted.items()},
    )


def _percentiles(seconds: Sequence[float], high: float) -> tuple[float, float]:
    ordered = sorted(seconds)
    return percentile(ordered, 0.5) * 1000, percentile(ordered, high) * 1000


def findings(saturating: float, at_half: Sequence[Walk], at_200: Sequence[Walk]) -> tuple[list[Goal], list[Figure]]:
    """What the walks come to: medians of the rounds."""

    def middle(walks: Sequence[Walk], name: str, which: int) -> float:
        return float(median(getattr(one, name)[which] for one in walks))

    half = at_half[0].rate
    goals = [
        Goal(
            what=f"order to CONFIRMED, p95 at {half:,.0f}/s",
            aim=500,
            measured=middle(at_half, "confirmed_ms", 1),
            unit="ms",
        ),
        Goal(what=f"POST, p95 at {half:,.0f}/s", aim=200, measured=middle(at_half, "post_ms", 1), unit="ms"),
        Goal(
            what=f"commit to subscriber, p99 at {LOG_RATE:,.0f}/s",
            aim=100,
            measured=middle(at_200, "heard_ms", 1),
            unit="ms",
        ),
    ]
    figures = [
        Figure(what="saturating rate: drained to CONFIRMED, the whole shop", measured=saturating, unit="orders/s"),
        Figure(what="order to CONFIRMED, p50 at half of it", measured=middle(at_half, "confirmed_ms", 0), unit="ms"),
        Figure(what="POST, p50 at half of it", measured=middle(at_half, "post_ms", 0), unit="ms"),
        Figure(
            what=f"commit to subscriber, p50 at {LOG_RATE:,.0f}/s", measured=middle(at_200, "heard_ms", 0), unit="ms"
        ),
    ]
    for what, walks in (("at half", at_half), (f"at {LOG_RATE:,.0f}/s", at_200)):
        for name in walks[0].cpu_us:
            cpu = median(one.cpu_us[name] for one in walks)
            figures.append(Figure(what=f"CPU of {name} an order, {what}", measured=cpu, unit="µs"))
        for name in walks[0].statements:
            sent = median(one.statements[name] for one in walks)
            figures.append(Figure(what=f"SQL statements of {name} an order, {what}", measured=sent, unit=""))
    return goals, figures
