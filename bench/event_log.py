"""From the commit to the consumer: python -m bench --engines --only log.

One event a transaction, at a fixed rate, to one subscriber, all in this process and by its one clock: from the moment
that the commit was answered until the subscriber's own transaction was. By the log itself first; then by Kafka, fed by
the shop's relay; then by Kafka, fed by Debezium; the last two where the environment names such engines.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any, Final

from bench.parts import bare
from tradewind.app.bench.driving import percentile
from tradewind.app.bench.own_database import own_database
from tradewind.app.bench.report import Figure, Goal
from tradewind.app.engines import Engines
from tradewind.app.eventing import carriers
from tradewind.app.settings import Settings
from tradewind.app.wiring import migrate_shop, open_shop
from tradewind.contracts.inventory import LowStockDetected
from tradewind.kernel.ids import new_id
from tradewind.runtime.call import internal_call
from tradewind.runtime.database import Database, Tx
from tradewind.runtime.subscriptions import Subscriber

NOTES: Final = (
    "Commit to consumer: from the answered COMMIT of one event until its subscriber's transaction has committed, too.",
)
RATE: Final = 100.0
WARM_UP: Final = 100
WITHIN_S: Final = 120.0
GOAL_MS: Final = 250.0
KINDS: Final = {"log": "the log", "relay": "Kafka, fed by the relay", "debezium": "Kafka, fed by Debezium"}
Say = Callable[[str], None]


class Arrivals:
    """A subscriber that notes when its transaction was over, by product."""

    def __init__(self) -> None:
        self.at_s: dict[Any, float] = {}
        self.subscriber = Subscriber("bench.arrivals", (LowStockDetected,), self._hear)

    async def _hear(self, event: LowStockDetected, tx: Tx) -> None:
        tx.on_commit.append(lambda: self._note(event.product_id))

    def _note(self, product_id: Any) -> None:
        self.at_s.setdefault(product_id, asyncio.get_running_loop().time())

    async def have(self, number: int) -> None:
        """Return once so many have arrived."""
        async with asyncio.timeout(WITHIN_S):
            while len(self.at_s) < number:  # noqa: ASYNC110 -- counted, not signalled, while time is taken
                await asyncio.sleep(0.01)


async def waits_ms(db: Database, arrivals: Arrivals, count: int) -> list[float]:
    """Tell so many at RATE; how long each took, shortest first."""
    loop, told_s = asyncio.get_running_loop(), dict[Any, float]()
    before, began = len(arrivals.at_s), loop.time()
    for number in range(count):
        await asyncio.sleep(began + number / RATE - loop.time())
        product_id = new_id()
        async with db.transaction(internal_call("bench")) as tx:
            tx.tell(LowStockDetected(product_id=product_id, sku="BENCH", available=1))
        told_s[product_id] = loop.time()
    await arrivals.have(before + count)
    return sorted((arrivals.at_s[product_id] - at_s) * 1000 for product_id, at_s in told_s.items())


@asynccontextmanager
async def carried(settings: Settings, shops: Engines, arrivals: Arrivals) -> AsyncIterator[Database]:
    """A shop's database whose events come to `arrivals` as `settings` say."""
    stop = asyncio.Event()
    async with AsyncExitStack() as stack:
        if settings.connect_url and settings.kafka_servers:
            await debezium(stack, settings, shops, [LowStockDetected.TYPE])
        shop = await stack.enter_async_context(open_shop(settings, shops, connections=4))
        runs, _ = carriers(settings, shop.db, shop.bell, shops.database_url, [arrivals.subscriber])
        tasks = [asyncio.create_task(one.run(stop)) for one in runs]
        try:
            yield shop.db
        finally:
            stop.set()
            shop.bell.ring()
            await asyncio.gather(*tasks)


async def debezium(stack: AsyncExitStack, settings: Settings, shops: Engines, types: Iterable[str]) -> None:
    """Have it publish events of these types until the stack is left."""
    from tradewind.adapters.log.kafka.connect import Connect
    from tradewind.adapters.log.kafka.topics import Names, ensure

    names = Names(settings.kafka_prefix)
    topics = [*names.of_events(types), *names.of_tables()]
    await asyncio.to_thread(ensure, settings.kafka_servers or "", topics)
    connect = Connect(settings.connect_url or "", shops.database_url, names)
    await connect.register()
    stack.push_async_callback(connect.unregister)


def ways(settings: Settings, found: Engines) -> dict[str, Settings]:
    """How events can be carried with the engines that are named."""
    prefix = f"bench{new_id().hex[-8:]}"
    settings = bare(settings)
    by = {"log": replace(settings, kafka_servers=None, connect_url=None)}
    if settings.kafka_servers:
        from tradewind.adapters.log.kafka.connectors import Source

        by["relay"] = replace(settings, connect_url=None, kafka_prefix=f"{prefix}r.")
        if settings.connect_url and Source.of(found.database_url):
            by["debezium"] = replace(settings, kafka_prefix=f"{prefix}d.")
    return by


async def measure(settings: Settings, found: Engines, say: Say, *, seconds: float) -> tuple[list[Goal], list[Figure]]:
    """Every way, one after the other."""
    goals, figures = list[Goal](), list[Figure]()
    for kind, chosen in ways(settings, found).items():
        async with own_database(found) as shops:
            await migrate_shop(shops.database_url)
            arrivals = Arrivals()
            async with carried(chosen, shops, arrivals) as db:
                await waits_ms(db, arrivals, WARM_UP)
                waits = await waits_ms(db, arrivals, int(seconds * RATE))
        p50, p99 = percentile(waits, 0.5), percentile(waits, 0.99)
        say(f"  by {KINDS[kind]}: p50 {p50:.0f} ms, p99 {p99:.0f} ms")
        figures.append(Figure(what=f"commit to consumer, by {KINDS[kind]}, p50", measured=p50, unit="ms"))
        goals.append(Goal(what=f"commit to consumer, by {KINDS[kind]}, p99", aim=GOAL_MS, measured=p99, unit="ms"))
    return goals, figures
