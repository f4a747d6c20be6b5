"""Orders a second on real engines, and how far behind projections are: python -m bench --engines --only orders.

The whole shop, in turns: by the log itself with nothing named but Postgres; by Kafka, fed by the relay, and then by
Debezium, with every other engine that the environment names. First as many orders as 64 connections can post, drained
to CONFIRMED; then 200 a second, during which each subscriber's lag counts from the birth of an event to its effect.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Final

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from bench.event_log import KINDS, Say, debezium, ways
from bench.parts import BESIDE
from bench.walk import LAST_CONFIRMED, LOG_RATE, WARM_UP, WholeShop, whole_shop
from tradewind.app.bench.own_database import own_database
from tradewind.app.bench.report import Figure, Goal
from tradewind.app.bench.shelves import fill
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.app.wiring import migrate_shop, open_shop
from tradewind.contracts.envelope import EVENTS

NOTES: Final = (
    "Behind: events whose effect in some subscriber came more than a second after their birth, while 200 orders a "
    "second were placed; what lies elsewhere (lists of orders, columns) says so by gauges, looked at twice a second.",
)
LATE_MS: Final = 1000.0
LOOK_S: Final = 0.5
APART: Final = ("CLICKHOUSE_URL", "OPA_URL")
"""Not named to the shop that is measured: one that lets one process in, and one that must be told rules first."""
GAUGES: Final = {"order_lists_lag_ms": 1.0, "analytics_lag_seconds": 1000.0}
"""What tells how far something elsewhere is behind, and milliseconds in its unit."""


@dataclass
class Seen:
    """Of each subscriber how many events took so long at most, by milliseconds; and the worst that gauges said."""

    within: dict[str, Counter[float]] = field(default_factory=dict)
    worst_ms: dict[str, float] = field(default_factory=dict)

    def since(self, before: "Seen") -> "Seen":
        """What came after `before`."""
        return Seen({who: counts - before.within.get(who, Counter()) for who, counts in self.within.items()})

    def late(self) -> float:
        """Events that took more than a second somewhere."""
        return float(sum(counts[float("inf")] - counts[LATE_MS] for counts in self.within.values()))

    def slowest(self) -> tuple[str, float]:
        """The subscriber whose 99th percentile is the greatest, and the bucket's bound in which that lies."""
        found = {who: _p99(counts) for who, counts in self.within.items() if counts[float("inf")]}
        return max(found.items(), key=lambda one: one[1], default=("-", 0.0))


def _p99(counts: Mapping[float, int]) -> float:
    return min(bound for bound, number in counts.items() if number >= 0.99 * counts[float("inf")])


async def look(client: aiohttp.ClientSession, port: int) -> Seen:
    """What the shop's own metrics say now."""
    async with client.get(f"http://127.0.0.1:{port}/metrics") as answer:
        text = await answer.text()
    seen = Seen()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == "event_lag_ms_bucket":
                counts = seen.within.setdefault(sample.labels["subscriber"], Counter())
                counts[float(sample.labels["le"])] += int(sample.value)
            elif sample.name in GAUGES:
                ms = sample.value * GAUGES[sample.name]
                seen.worst_ms[sample.name] = max(ms, seen.worst_ms.get(sample.name, 0.0))
    return seen


async def measure(
    settings: Settings, found: Engines, say: Say, *, orders: int, seconds: float
) -> tuple[list[Goal], list[Figure]]:
    """Every way, one after the other."""
    goals, figures = list[Goal](), list[Figure]()
    for kind, chosen in ways(settings, found).items():
        async with own_database(found) as shops, AsyncExitStack() as stack:
            await migrate_shop(shops.database_url)
            async with open_shop(ways(settings, found)["log"], shops) as filled:
                await fill(filled)
            if chosen.connect_url:
                await debezium(stack, chosen, shops, EVENTS)
            shop = await stack.enter_async_context(whole_shop(settings, shops, **_environment(chosen)))
            per_second, seen = await _run(shop, orders, seconds)
        slowest, p99 = seen.slowest()
        say(f"  by {KINDS[kind]}: {per_second:,.0f} orders/s; at {LOG_RATE:,.0f}/s {seen.late():,.0f} events late, "
            f"p99 of {slowest} within {p99:,.0f} ms; {seen.worst_ms}")  # fmt: skip
        what = f"by {KINDS[kind]}"
        goals.append(
            Goal(what=f"events > 1 s behind at {LOG_RATE:,.0f}/s, {what}", aim=1, measured=seen.late(), unit="")
        )
        figures.append(Figure(what=f"drained to CONFIRMED, {what}", measured=per_second, unit="orders/s"))
        figures.append(Figure(what=f"p99 of the slowest subscriber, {what}, within", measured=p99, unit="ms"))
        figures += [
            Figure(what=f"{name}, at most, {what}", measured=ms, unit="ms") for name, ms in seen.worst_ms.items()
        ]
    return goals, figures


async def _run(shop: WholeShop, orders: int, seconds: float) -> tuple[float, Seen]:
    await shop.place(WARM_UP, seed=-1)
    await shop.rest()
    result = await shop.place(orders, seed=0)
    last = await shop.connection.fetchval(LAST_CONFIRMED, list(result.asked_at))
    await shop.rest()
    async with aiohttp.ClientSession() as client:
        before, worst = await look(client, shop.plan.port), dict[str, float]()
        placing = asyncio.create_task(shop.place(int(LOG_RATE * seconds), rate=LOG_RATE, seed=1))
        while not (await asyncio.wait([placing], timeout=LOOK_S))[0]:
            for name, ms in (await look(client, shop.plan.port)).worst_ms.items():
                worst[name] = max(ms, worst.get(name, 0.0))
        await placing
        await shop.rest()
        seen = (await look(client, shop.plan.port)).since(before)
    return orders / (last - min(result.asked_at.values())), Seen(seen.within, worst)


def _environment(chosen: Settings) -> dict[str, str]:
    """The settings of the shop that is measured."""
    named: dict[str, str | None] = {
        "KAFKA_SERVERS": chosen.kafka_servers, "KAFKA_PREFIX": chosen.kafka_prefix, "CONNECT_URL": chosen.connect_url
    }  # fmt: skip
    for name in BESIDE:
        named[name] = os.environ.get(f"TRADEWIND_{name}") if chosen.kafka_servers and name not in APART else None
    return {f"TRADEWIND_{name}": value or "" for name, value in named.items()}
