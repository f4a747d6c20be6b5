"""Events on their way to a partner: python -m bench --only webhooks.

Worker, Postgres, partner (a process of its own) and this one share the machine, and its clock. First events are told at
a fixed rate, and what is measured is the time from an event's birth in the log until the partner has read it. Then the
partner is paused, events pile up in the log, and what is measured is how fast they are on the wire once it goes on, and
what CPU each costs.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from statistics import median
from typing import Any, Final
from uuid import UUID

import aiohttp
import asyncpg
import msgspec

from bench.over_http import LOOPBACK
from bench.parts import Meter, Place, answering, appearing, running
from tradewind.app.bench.driving import percentile
from tradewind.app.bench.own_database import own_database
from tradewind.app.bench.report import Figure, Goal
from tradewind.app.engines import Engines
from tradewind.app.free_ports import free_port
from tradewind.app.settings import Settings
from tradewind.app.told import READY_FILE
from tradewind.app.wiring import Shop, migrate_shop, open_shop
from tradewind.contexts.webhooks.manifest import PauseSubscription, Subscribe
from tradewind.contracts.inventory import LowStockDetected
from tradewind.kernel.ids import new_id
from tradewind.runtime.call import internal_call

NOTES: Final = (
    "To the wire: from the beginning of the transaction that told the event until the partner has read the message.",
    "Flat out: one subscription, every event of a key of its own; worker, Postgres and partner share the machine.",
)
ALLOWED: Final = "127.0.0.0/8"
RATE: Final = 40.0
WARM_UP: Final = 200
TOLD_AT_ONCE: Final = 100
WITHIN_S: Final = 120.0
POLL_S: Final = 0.02
GOAL_MS: Final = 250.0
GOAL_PER_S: Final = 1_000.0
BORN: Final = """
    SELECT event_id::text, extract(epoch FROM occurred_at)::float8 FROM runtime.outbox
    WHERE event_id = ANY($1::text[]::uuid[])
"""
Say = Callable[[str], None]


class FlatOut(msgspec.Struct, frozen=True):
    """One round: messages a second, and what each cost by process, in microseconds."""

    per_s: float
    cpu_us: dict[str, float]


@dataclass
class Stand:
    """A shop, its worker under a meter, and a partner."""

    shop: Shop
    meter: Meter
    partner: aiohttp.ClientSession
    subscription_id: UUID

    async def tell(self, count: int) -> None:
        """So many events, each of a key of its own, in one transaction."""
        async with self.shop.db.transaction(internal_call("bench")) as tx:
            tx.tell(*(LowStockDetected(product_id=new_id(), sku="BENCH", available=1) for _ in range(count)))

    async def pause(self, *, paused: bool) -> None:
        """Let the partner hear nothing, or everything again."""
        await self.shop.dispatch(
            PauseSubscription(subscription_id=self.subscription_id, paused=paused), internal_call("bench")
        )

    async def heard(self, after: int, count: int) -> list[tuple[str, float]]:
        """What the partner heard beyond the first `after`, once it is `count`."""
        async with asyncio.timeout(WITHIN_S):
            while await self._get("/count") < after + count:  # noqa: ASYNC110 -- another process
                await asyncio.sleep(POLL_S)
        return list((await self._get("/"))[after:])

    async def _get(self, path: str) -> Any:
        async with self.partner.get(path) as answer:
            return await answer.json()


async def paced(stand: Stand, after: int, count: int) -> list[float]:
    """Tell `count` events at RATE; from birth to the wire, in milliseconds, shortest first."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(count):
        await asyncio.sleep(began + number / RATE - loop.time())
        await stand.tell(1)
    heard = await stand.heard(after, count)
    connection: Any = await asyncpg.connect(stand.shop.engines.database_url)
    born_s = dict(await connection.fetch(BORN, [id_ for id_, _ in heard]))
    await connection.close()
    return sorted((at_s - born_s[id_]) * 1000 for id_, at_s in heard)


async def flat_out(stand: Stand, after: int, count: int) -> FlatOut:
    """Let `count` events pile up, and see them go."""
    await stand.pause(paused=True)
    for _ in range(count // TOLD_AT_ONCE):
        await stand.tell(TOLD_AT_ONCE)
    await asyncio.sleep(1)  # whoever else hears of them has done so
    before = stand.meter.read()
    await stand.pause(paused=False)
    heard = await stand.heard(after, count)
    used = stand.meter.read()
    return FlatOut(
        per_s=(count - 1) / (heard[-1][1] - heard[0][1]),
        cpu_us={name: (used[name] - before[name]) / count for name in ("worker", "postgres")},
    )


async def _stand(stack: AsyncExitStack, settings: Settings, shops: Engines) -> Stand:
    port = free_port(LOOPBACK)
    allowing = replace(settings, webhook_allow=(ALLOWED,))
    ready = settings.home / "run" / "bench-ready-webhooks"
    place = Place(settings, shops, port).environment(**{READY_FILE: str(ready), "TRADEWIND_WEBHOOK_ALLOW": ALLOWED})
    await stack.enter_async_context(running(["bench.receiver", str(port)]))
    await answering(f"http://{LOOPBACK}:{port}/count")
    worker = await stack.enter_async_context(running(["tradewind.app.worker"], place))
    shop = await stack.enter_async_context(open_shop(allowing, shops, connections=4))
    partner = await stack.enter_async_context(aiohttp.ClientSession(f"http://{LOOPBACK}:{port}"))
    wish = Subscribe(url=f"http://{LOOPBACK}:{port}/", event_types=[LowStockDetected.TYPE], filter={})
    subscription = await shop.dispatch(wish, internal_call("bench"))
    await appearing(ready)
    return Stand(shop, Meter(settings, {"worker": worker.pid}), partner, subscription.id)


async def measure(
    settings: Settings, found: Engines, say: Say, *, seconds: float, count: int, rounds: int
) -> tuple[list[Goal], list[Figure]]:
    """At a fixed rate, then flat out."""
    async with own_database(found) as shops, AsyncExitStack() as stack:
        await migrate_shop(shops.database_url)
        stand = await _stand(stack, settings, shops)
        await stand.tell(WARM_UP)
        done = len(await stand.heard(0, WARM_UP))
        steady = int(seconds * RATE)
        waits_ms = await paced(stand, done, steady)
        done += steady
        flat = []
        for number in range(rounds):
            flat.append(await flat_out(stand, done, count))
            done += count
            costs = ", ".join(f"{name} {used:.0f} µs" for name, used in flat[-1].cpu_us.items())
            say(f"  round {number + 1}: {flat[-1].per_s:,.0f} deliveries/s, {costs}")
    return findings(waits_ms, flat)


def findings(waits_ms: Sequence[float], flat: Sequence[FlatOut]) -> tuple[list[Goal], list[Figure]]:
    """What was measured against what was aimed at."""
    what = f"event to a webhook on the wire, at {RATE:.0f}/s"
    per_s = median(one.per_s for one in flat)
    goals = [
        Goal(what=f"{what}, p99", aim=GOAL_MS, measured=percentile(waits_ms, 0.99), unit="ms"),
        Goal(what="webhooks to one partner, flat out", aim=GOAL_PER_S, measured=per_s, unit="/s", at_least=True),
    ]
    figures = [
        Figure(what=f"{what}, p50", measured=percentile(waits_ms, 0.5), unit="ms"),
        Figure(what=f"{what}, the slowest", measured=waits_ms[-1], unit="ms"),
    ]
    for name in flat[0].cpu_us:
        used = median(one.cpu_us[name] for one in flat)
        figures.append(Figure(what=f"CPU of {name} a webhook, flat out", measured=used, unit="µs"))
    return goals, figures
