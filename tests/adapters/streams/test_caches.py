"""The caches' stream job: what Kafka tells is forgotten in Redis, wherever it was told, and whatever dies."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
import pytest_asyncio
from redis.asyncio import Redis

from tests.adapters.log.brokers import Broker
from tests.adapters.log.raw import send
from tests.builders import a_product
from tests.engines import address
from tests.shops import Shop, a_call, open_shop, until, working
from tests.wires import Wire, wire
from tradewind.adapters.log.kafka.standing import Group
from tradewind.adapters.log.kafka.topics import PARTITIONS, Names
from tradewind.app.caching import GROUP
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.app.sharing import WHICH, cache_of
from tradewind.contexts.catalog.get_product.kept import ShowProduct
from tradewind.contexts.catalog.update_product.command import UpdateProduct
from tradewind.contexts.pricing.get_flash_price.kept import ShowFlashPrice
from tradewind.contexts.pricing.set_price.command import SetPrice
from tradewind.contexts.pricing.start_flash_sale.command import StartFlashSale
from tradewind.contracts.envelope import Envelope, producer
from tradewind.contracts.inventory import Level, StockAdjusted
from tradewind.kernel.clock import now
from tradewind.kernel.ids import new_id, new_trace_id

pytestmark = [pytest.mark.engine("kafka"), pytest.mark.engine("redis"), pytest.mark.timeout(600)]
NOBODY = "grpc://127.0.0.1:1"
"""Where inventory would be asked, which nobody does here."""


class Job:
    """The process, which reaches Redis by a wire."""

    def __init__(self, environment: dict[str, str], line: Wire) -> None:
        self._environment, self.line = environment, line
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin, or begin again."""
        environment = {**self._environment, "TRADEWIND_REDIS_URL": self.line.url}
        self._process = subprocess.Popen([sys.executable, "-m", "tradewind.app.caching"], env=environment)

    async def end(self, how: signal.Signals) -> None:
        """Tell it to stop, or kill it."""
        if self._process is not None:
            assert self._process.poll() is None, "it ended by itself"
            self._process.send_signal(how)
            await asyncio.to_thread(self._process.wait, 60)
            self._process = None


@dataclass
class Street:
    """Two processes of a shop whose inventory has a database of its own, one Redis, and the job."""

    one: Shop
    other: Shop
    job: Job
    names: Names
    redis: Any
    space: str

    async def stock(self, product_id: UUID, sku: str, version: int, on_hand: int, event_id: UUID | None = None) -> UUID:
        """What inventory tells from its own database; the event's id."""
        event = StockAdjusted(
            product_id=product_id, sku=sku, delta=1, on_hand=on_hand, reserved=0, reason="delivery",
            levels=(Level(sku, version, on_hand, 0),),
        )  # fmt: skip
        envelope = Envelope(
            event_id=event_id or new_id(), event_type=event.TYPE, occurred_at=now(), producer=producer(event.TYPE),
            trace_id=new_trace_id(), correlation_id="c", partition_key=str(product_id), payload=event,
        )  # fmt: skip
        servers = self.one.settings.kafka_servers
        assert servers
        await send(servers, self.names.topic(event.TYPE), str(product_id), msgspec.json.encode(envelope))
        return envelope.event_id

    async def shows(self, product_id: UUID, available: int) -> None:
        """Both processes come to show so many, and keep it in Redis."""

        async def right() -> bool:
            found = [await shown(shop, product_id) for shop in (self.one, self.other)]
            return found == [available] * 2 and await self.keeps(product_id)

        await until(self.one, right)

    async def keeps(self, product_id: UUID) -> bool:
        """Whether Redis has the product's page, and would give it."""
        era = await self.redis.hget(f"{self.space}:v:product:{product_id}", "era")
        return era is not None and era == await self.redis.hget(f"{self.space}:heard", "era")

    async def lag(self) -> int:
        """Messages of inventory that the job has yet to hear."""
        assert self.one.settings.kafka_servers
        asking = Group(self.one.settings.kafka_servers, self.names.group(GROUP))
        topic = self.names.topic(StockAdjusted.TYPE)
        found = await asking.standings([(topic, one) for one in range(PARTITIONS)])
        asking.close()
        return sum(one.end - one.heard for one in found.values())

    async def has_heard_everything(self) -> bool:
        """The same."""
        return await self.lag() == 0

    async def flush(self) -> None:
        """Redis loses all that it has of this shop."""
        async for key in self.redis.scan_iter(f"{self.space}*", count=1000):
            await self.redis.unlink(key)


async def shown(shop: Shop, product_id: UUID) -> int:
    """How many the product's page says are there."""
    found = msgspec.json.decode((await shop.dispatch(ShowProduct(product_id=product_id), a_call())).content)
    return int(found["available"])


@pytest.fixture
def kafka() -> Iterator[tuple[str, Names]]:
    servers, names = address("KAFKA_SERVERS"), Names(f"k{new_id().hex[-12:]}.")
    yield servers, names
    _remove(servers, names.prefix)


@pytest_asyncio.fixture
async def street(
    settings: Settings, kafka: tuple[str, Names], own_engines: Engines, tmp_path: Path
) -> AsyncIterator[Street]:
    (servers, names), redis_url = kafka, address("REDIS_URL")
    there = replace(
        settings, kafka_servers=servers, kafka_prefix=names.prefix, connect_url=None, redis_url=redis_url,
        inventory_url=NOBODY,
    )  # fmt: skip
    told = {
        "TRADEWIND_HOME": str(tmp_path), "TRADEWIND_DATABASE_URL": own_engines.database_url,
        "TRADEWIND_KAFKA_SERVERS": servers, "TRADEWIND_KAFKA_PREFIX": names.prefix, "TRADEWIND_LOG_LEVEL": "error",
        "TRADEWIND_PROVIDER_URL": "http://127.0.0.1:9", "TRADEWIND_INVENTORY_URL": NOBODY,
    }  # fmt: skip
    async with AsyncExitStack() as stack:
        one, other = [
            await stack.enter_async_context(open_shop(there, own_engines, connections=8)) for _ in ("one", "other")
        ]
        await stack.enter_async_context(working(one))
        redis = await stack.enter_async_context(Redis.from_url(redis_url))
        job = Job({**os.environ, **told}, await stack.enter_async_context(wire(redis_url)))
        stack.push_async_callback(job.end, signal.SIGTERM)
        job.start()
        space = cache_of(await one.db.pool.fetchval(WHICH))
        street = Street(one, other, job, names, redis, space)
        stack.push_async_callback(street.flush)
        await until(one, lambda: redis.exists(f"{space}:heard"))
        yield street


def _remove(servers: str, prefix: str) -> None:
    from confluent_kafka.admin import AdminClient

    admin = AdminClient({"bootstrap.servers": servers})
    topics = [name for name in admin.list_topics(timeout=60).topics if name.startswith(prefix)]
    for done in (admin.delete_topics(topics) if topics else {}).values():
        done.result(60)


async def a_lamp(street: Street) -> UUID:
    """A product of which ten are there, as both processes show and Redis keeps."""
    await a_product(street.one, "LAMP", stock=0)
    product_id: UUID = await street.one.db.pool.fetchval("SELECT id FROM catalog.products WHERE sku = 'LAMP'")
    await street.stock(product_id, "LAMP", 1, 10)
    await until(street.one, street.has_heard_everything)
    await street.shows(product_id, 10)
    return product_id


async def test_what_inventory_tells_from_its_own_database_is_forgotten_in_redis_for_every_process(
    street: Street,
) -> None:
    lamp = await a_lamp(street)
    assert (
        await street.one.db.pool.fetchval("SELECT count(*) FROM runtime.outbox WHERE type LIKE '%stock.adjusted%'") == 0
    )
    for version, on_hand in ((2, 9), (3, 7)):
        await street.stock(lamp, "LAMP", version, on_hand)
        await street.shows(lamp, on_hand)


async def test_what_comes_twice_late_and_out_of_order_brings_nothing_older_back(street: Street) -> None:
    lamp = await a_lamp(street)
    await street.stock(lamp, "LAMP", 4, 6)
    late = await street.stock(lamp, "LAMP", 3, 7)
    await street.stock(lamp, "LAMP", 3, 7, late)
    await until(street.one, street.has_heard_everything)
    await street.shows(lamp, 6)


async def test_a_job_that_was_killed_goes_on_where_it_was_and_nothing_old_is_given_meanwhile(street: Street) -> None:
    lamp = await a_lamp(street)
    await street.job.end(signal.SIGKILL)
    await street.stock(lamp, "LAMP", 2, 3)

    async def right() -> bool:
        return [await shown(shop, lamp) for shop in (street.one, street.other)] == [3, 3]

    await until(street.one, right)
    assert not await street.redis.exists(f"{street.space}:heard"), "nobody vouches"
    assert await street.lag() == 1
    street.job.start()
    await street.shows(lamp, 3)
    await until(street.one, street.has_heard_everything)
    await street.stock(lamp, "LAMP", 3, 2)
    await street.shows(lamp, 2)


async def test_a_broker_that_was_killed_is_waited_for_and_the_rest_is_heard(street: Street) -> None:
    lamp = await a_lamp(street)
    broker = Broker(int(address("KAFKA_SERVERS").rpartition(":")[2]))
    await broker.kill()
    try:
        await until(street.one, lambda: _is_gone(street))
        assert [await shown(shop, lamp) for shop in (street.one, street.other)] == [10, 10]
    finally:
        broker.start()
    await street.shows(lamp, 10)
    await street.stock(lamp, "LAMP", 2, 3)
    await street.shows(lamp, 3)


async def test_a_redis_that_was_flushed_is_right_again_by_itself(street: Street) -> None:
    lamp = await a_lamp(street)
    await street.stock(lamp, "LAMP", 2, 3)
    await street.flush()
    await street.shows(lamp, 3)
    await street.stock(lamp, "LAMP", 3, 2)
    await street.shows(lamp, 2)


async def test_places_are_noted_after_redis_was_told_and_not_before(street: Street) -> None:
    """The job cannot reach Redis: what it heard meanwhile it hears again."""
    lamp = await a_lamp(street)
    street.job.line.cut()
    await street.stock(lamp, "LAMP", 2, 3)
    await until(street.one, lambda: _is_gone(street))
    assert await street.lag() == 1
    street.job.line.mend()
    await street.shows(lamp, 3)
    await until(street.one, street.has_heard_everything)


async def _is_not_kept(street: Street, product_id: UUID) -> bool:
    return not await street.redis.exists(f"{street.space}:v:product:{product_id}")


async def _is_gone(street: Street) -> bool:
    return not await street.redis.exists(f"{street.space}:heard")


async def test_what_the_catalog_and_pricing_tell_is_forgotten_and_put_while_no_process_hears(
    street: Street, own_engines: Engines
) -> None:
    """Who changes it here has no Redis: it is the job alone that tells it."""
    lamp, clerk = await a_lamp(street), a_call("admin")
    quiet = replace(street.one.settings, redis_url=None)
    told: list[Callable[[Shop], Any]] = [
        lambda shop: shop.dispatch(UpdateProduct(product_id=lamp, name="A lamp"), clerk),
        lambda shop: shop.dispatch(
            SetPrice(product_id=lamp, amount=Decimal(7), currency="EUR", reason="x"), clerk
        ),
    ]  # fmt: skip
    async with open_shop(quiet, own_engines, connections=4) as shop:
        for tell in told:
            await street.shows(lamp, 10)
            assert await street.redis.pttl(f"{street.space}:v:product:{lamp}") > 60_000, "it would be kept for long"
            await tell(shop)
            await until(street.one, lambda: _is_not_kept(street, lamp))
        sale = StartFlashSale(sku="LAMP", price=Decimal(5), quantity=5, per_buyer=2, ends_at=now() + timedelta(hours=1))
        await shop.dispatch(sale, clerk)
        await until(street.one, lambda: street.redis.exists(f"{street.space}:v:flash_price:{lamp}"))
        found = await street.one.dispatch(ShowFlashPrice(product_id=lamp), a_call())
    assert msgspec.json.decode(found.content)["price"] == 5
