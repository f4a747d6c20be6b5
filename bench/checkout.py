"""What shopping costs: cart add, quote, and a guest's whole checkout, beside the limit of the same server.

python -m bench --only checkout

A whole checkout is: guest token, cart, two lines, a quote with address and shipping, checkout, CONFIRMED by the saga.
Its saturating rate is the drained one, as of orders: from the first request until the last order is CONFIRMED.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final

import asyncpg
import msgspec

from bench.counted_part import Heard
from bench.parts import Meter, appearing, counted
from bench.static_edge import PATH as STATIC
from bench.visiting import ADD, CHECKOUT, QUOTE, READ, Errand, Visits, visits
from tradewind.app.bench.report import Figure, Goal
from tradewind.app.bench.shelves import SKUS
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings

LIMIT: Final = "static JSON route"
COUNTS: Final[Mapping[str, float]] = {LIMIT: 10.0, ADD: 2.0, QUOTE: 1.0, CHECKOUT: 1.0}
"""So many of each, for one `visits` asked for: what takes longer is asked less often."""
CPU_AIM_MS: Final = 10.0
P95_AIM_MS: Final = 50.0
DRAIN_POLL_S: Final = 0.02
DRAIN_WITHIN_S: Final = 120.0
WARM_UP: Final = 200
CONNECTIONS: Final = 64
CONFIRMED: Final = """
    SELECT count(*), extract(epoch FROM max(h.at) - $2::timestamptz)::float8
    FROM orders.order_status_history AS h WHERE h.order_id = ANY($1::text[]::uuid[]) AND h.status = 'CONFIRMED'
"""
NOW: Final = "SELECT clock_timestamp()"
BUSY: Final = """
    SELECT EXISTS (SELECT FROM runtime.saga WHERE due_at IS NOT NULL) OR EXISTS (
        SELECT FROM runtime.position AS p, (
            SELECT stamp, position FROM runtime.outbox ORDER BY stamp DESC, position DESC LIMIT 1) AS newest
        WHERE (p.stamp, p.position) < (newest.stamp, newest.position))
"""
"""Whether a saga is not done, or a subscriber has not heard everything."""

NOTES: Final = (
    "A whole checkout: guest token, cart, two lines, quote with address and shipping, checkout, CONFIRMED by the saga; "
    "the worker also carries every event of it to search, reviews, recommendations and the rest.",
    "CPU is user and system time of edge, worker, provider and all of Postgres, from /proc, over the whole run. Flat "
    "out, work is done in batches; at half the rate each piece costs a waking-up of its own.",
    "At half the saturating rate visits begin at moments that wait for no answer; later steps of a visit are counted "
    "from when they are sent.",
)

Say = Callable[[str], None]


@dataclass
class Shopping:
    """A running shop: what can be asked of it, what it used and sent meanwhile."""

    port: int
    meter: Meter
    pids: Mapping[str, int]
    files: Mapping[str, Path]
    connection: Any

    async def do(self, what: str, count: int, *, rate: float = 0.0, seed: int = 0) -> "Done":
        """So many visits; a checkout is done when its order is CONFIRMED."""
        errand = Errand(
            port=self.port,
            what=READ if what == LIMIT else what,
            paths=[STATIC],
            skus=SKUS,
            count=count,
            connections=CONNECTIONS,
            rate=rate,
            seed=seed,
        )
        before, began_at = self.meter.read(), await self.connection.fetchval(NOW)
        found = await visits(errand)
        seconds = found.seconds
        if found.orders:
            # The generator's own start is not the shop's time: counted back from its end.
            spent_s = (await self.connection.fetchval(NOW) - began_at).total_seconds() - found.seconds
            seconds = await self._confirmed(found.orders, began_at) - spent_s
        await self.rest()
        used = self.meter.read()
        return Done(found, count / max(seconds, found.seconds), {k: (used[k] - before[k]) / count for k in used})

    async def _confirmed(self, orders: Sequence[str], since: Any) -> float:
        """Seconds from `since` until the last of them was CONFIRMED."""
        async with asyncio.timeout(DRAIN_WITHIN_S):
            while True:
                found = await self.connection.fetchrow(CONFIRMED, list(orders), since)
                if found[0] == len(orders):
                    return float(found[1])
                await asyncio.sleep(DRAIN_POLL_S)

    async def rest(self) -> None:
        """Return when no saga has anything left to do, and everybody has heard everything."""
        async with asyncio.timeout(DRAIN_WITHIN_S):
            while await self.connection.fetchval(BUSY):  # noqa: ASYNC110 -- another process
                await asyncio.sleep(DRAIN_POLL_S)

    async def statements(self) -> dict[str, int]:
        """SQL statements that each part has sent since it began."""
        for name, pid in self.pids.items():
            self.files[name].unlink(missing_ok=True)
            os.kill(pid, signal.SIGUSR1)
        for file in self.files.values():
            await appearing(file)
        return {
            name: msgspec.json.decode(file.read_bytes(), type=Heard).statements for name, file in self.files.items()
        }


@dataclass(frozen=True)
class Done:
    """One errand: what its steps took, how many of it were done a second, and the CPU of one in microseconds."""

    visits: Visits
    per_second: float
    cpu_us: Mapping[str, float]


@dataclass
class Played:
    """Everything that was measured, by what was done."""

    flat_out: dict[str, list[Done]] = field(default_factory=dict)
    at_half: dict[str, list[Done]] = field(default_factory=dict)
    statements: dict[str, list[float]] = field(default_factory=dict)


@asynccontextmanager
async def shopping(settings: Settings, found: Engines) -> AsyncIterator[Shopping]:
    """Edge with the static route and worker, both counted, on a migrated database whose shelves are full."""
    connection: Any = await asyncpg.connect(found.database_url)
    async with counted(settings, found) as (port, pids, files):
        yield Shopping(port, Meter(settings, pids), pids, files, connection)
    await connection.close()


async def measure(
    settings: Settings, found: Engines, say: Say, *, count: int = 1000, seconds: float = 5.0, rounds: int = 3
) -> tuple[list[Goal], list[Figure]]:
    """Shop, and say what came of it. The database is migrated and its shelves are full."""
    played = Played()
    async with shopping(settings, found) as shop:
        await shop.rest()
        for what in COUNTS:
            await shop.do(what, WARM_UP, seed=-1)
        for number in range(rounds):
            for what, share in COUNTS.items():
                done = await shop.do(what, int(count * share), seed=number)
                played.flat_out.setdefault(what, []).append(done)
                say(f"  round {number + 1}, {what}: {done.per_second:,.0f}/s, {_cpu_ms(done):.2f} ms of CPU each")
        for number in range(rounds):
            for what in (ADD, QUOTE, CHECKOUT):
                await _at_half(shop, what, seconds, rounds + number, played, say)
    return findings(played)


async def _at_half(shop: Shopping, what: str, seconds: float, seed: int, played: Played, say: Say) -> None:
    rate = median(one.per_second for one in played.flat_out[what]) / 2
    before = await shop.statements()
    done = await shop.do(what, count := max(50, int(rate * seconds)), rate=rate, seed=seed)
    if what == CHECKOUT:
        for name, sent in (await shop.statements()).items():
            played.statements.setdefault(name, []).append((sent - before[name]) / count)
    played.at_half.setdefault(what, []).append(done)
    slowest = max(run.p95_ms for run in done.visits.steps.values())
    say(f"  at {rate:,.0f}/s, {what}: p95 {slowest:.1f} ms, {_cpu_ms(done):.2f} ms of CPU each")


def _cpu_ms(done: Done) -> float:
    return sum(done.cpu_us.values()) / 1000


def findings(played: Played) -> tuple[list[Goal], list[Figure]]:
    """Medians of the rounds, against what was aimed at."""
    at_half = played.at_half[CHECKOUT]
    flat_out = played.flat_out
    goals = [
        Goal(what=f"CPU of a whole guest checkout, {when}", aim=CPU_AIM_MS, measured=_used(done), unit="ms")
        for when, done in (("flat out", flat_out[CHECKOUT]), ("at half the saturating rate", at_half))
    ]
    for what, done in played.at_half.items():
        for step in done[0].visits.steps:
            p95_ms = median(one.visits.steps[step].p95_ms for one in done)
            label = f"{step} alone" if what != CHECKOUT else f"{step}, in whole checkouts"
            goals.append(Goal(what=f"p95 at half: {label}", aim=P95_AIM_MS, measured=p95_ms, unit="ms"))
    figures = []
    for when, done in (("flat out", flat_out[CHECKOUT]), ("at half", at_half)):
        for name in done[0].cpu_us:
            used = median(one.cpu_us[name] for one in done) / 1000
            figures.append(Figure(what=f"CPU of a whole guest checkout, {when}: {name}", measured=used, unit="ms"))
    for name, sent in played.statements.items():
        figures.append(Figure(what=f"SQL statements of a whole checkout: {name}", measured=median(sent), unit=""))
    for what, done in flat_out.items():
        figures.append(Figure(what=f"{what}, flat out", measured=median(one.per_second for one in done), unit="/s"))
        figures.append(Figure(what=f"{what}, CPU of one", measured=_used(done), unit="ms"))
        if what != LIMIT:
            figures.append(Figure(what=f"{what}, to the {LIMIT}", measured=100 * _ratio(flat_out, what), unit="%"))
    return goals, figures


def _used(done: Sequence[Done]) -> float:
    return median(map(_cpu_ms, done))


def _ratio(flat_out: Mapping[str, Sequence[Done]], what: str) -> float:
    """The median of the rounds' own ratios."""
    return median(
        mine.per_second / limit.per_second for mine, limit in zip(flat_out[what], flat_out[LIMIT], strict=True)
    )
