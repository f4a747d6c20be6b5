"""Revenue by minute and day: the same events make the same rows, from the log as by Quix Streams, whatever dies."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

import pytest
import pytest_asyncio

from tests.engines import address
from tradewind.adapters.log.kafka.publishing import Publisher
from tradewind.adapters.log.kafka.topics import Names
from tradewind.adapters.streams import log
from tradewind.adapters.streams.rows import SET, revenue
from tradewind.contracts.messages import Event
from tradewind.contracts.payments import (
    PaymentCaptured,
    PaymentCaptureFailed,
    PaymentRefunded,
    PaymentRefundFailed,
)
from tradewind.kernel.ids import new_id
from tradewind.ports.streams import gains
from tradewind.runtime import failpoints
from tradewind.runtime.call import internal_call
from tradewind.runtime.database import Database

TELL = """
    INSERT INTO runtime.outbox (stamp, event_id, type, key, trace_id, correlation_id, payload, occurred_at)
    VALUES (pg_current_xact_id()::text::bigint, $1, $2, $3, repeat('a', 32), 'c', $4::jsonb, $5)
"""
NOON = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)


class Job(Protocol):
    """Keeps the sums while it runs."""

    async def run(self, until: Callable[[], Any]) -> None:
        """Work until `until` answers something true."""
        ...

    async def die_and_run(self, until: Callable[[], Any]) -> None:
        """The same, dying in between."""
        ...


class OfTheLog:
    """The chore."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def run(self, until: Callable[[], Any]) -> None:
        """See Job."""
        async with asyncio.timeout(60):
            while not await until():
                async with self.db.transaction(internal_call("test")) as tx:
                    await log.add_up(tx)

    async def die_and_run(self, until: Callable[[], Any]) -> None:
        """See Job. Another shop of this process may come to the armed place first: then it is armed anew."""
        died = False
        try:
            while not died:
                failpoints.arm({"revenue.before_commit": "raise@1"})
                died = await self._dies()
        finally:
            failpoints.arm({})
        await self.run(until)

    async def _dies(self) -> bool:
        try:
            async with self.db.transaction(internal_call("test")) as tx:
                await log.add_up(tx)
        except failpoints.FailpointHit:
            return True
        return False


class OnQuix:
    """The process."""

    def __init__(self, db: Database, bell: Any, url: str, environment: dict[str, str], names: Names) -> None:
        self.db, self.environment = db, environment
        servers = environment["TRADEWIND_KAFKA_SERVERS"]
        self.publisher = Publisher(db, bell, url, servers, names, types=(PaymentCaptured.TYPE,))

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", "tradewind.app.streaming"], env=self.environment)

    async def run(self, until: Callable[[], Any], *, kill: bool = False) -> None:
        """See Job."""
        stop = asyncio.Event()
        publishing = asyncio.create_task(self.publisher.run(stop))
        process = self._start()
        try:
            async with asyncio.timeout(150):
                while not await until():
                    assert process.poll() is None, "it ended by itself"
                    if kill and await revenue(self.db.pool, "day"):
                        process.send_signal(signal.SIGKILL)
                        await asyncio.to_thread(process.wait)
                        process, kill = self._start(), False
                    await asyncio.sleep(0.05)
        finally:
            stop.set()
            process.terminate()
            await asyncio.to_thread(process.wait, 60)
            await publishing

    async def die_and_run(self, until: Callable[[], Any]) -> None:
        """See Job."""
        await self.run(until, kill=True)


@pytest_asyncio.fixture(
    params=[
        pytest.param("log", marks=pytest.mark.adapter("log")),
        pytest.param("quix", marks=pytest.mark.engine("kafka")),
    ]
)
async def job(request: pytest.FixtureRequest, shop: Any, tmp_path: Any) -> AsyncIterator[Job]:
    """Each of the two."""
    if request.param == "log":
        yield OfTheLog(shop.db)
        return
    from confluent_kafka.admin import AdminClient

    servers, names, url = address("KAFKA_SERVERS"), Names(f"s{new_id().hex[-12:]}."), shop.engines.database_url
    own = {
        "TRADEWIND_HOME": str(tmp_path), "TRADEWIND_DATABASE_URL": url, "TRADEWIND_KAFKA_SERVERS": servers,
        "TRADEWIND_KAFKA_PREFIX": names.prefix, "TRADEWIND_LOG_LEVEL": "error",
        "TRADEWIND_PROVIDER_URL": "http://127.0.0.1:9",
    }  # fmt: skip
    async with AsyncExitStack() as stack:
        yield OnQuix(shop.db, shop.bell, url, {**os.environ, **own}, names)
        stack.callback(_remove, AdminClient({"bootstrap.servers": servers}), names.prefix)


def _remove(admin: Any, prefix: str) -> None:
    topics = [name for name in admin.list_topics(timeout=60).topics if prefix in name]
    for done in (admin.delete_topics(topics) if topics else {}).values():
        done.result(60)


async def tell(db: Database, event: Event, at: datetime) -> None:
    """As if it had been told at that moment."""
    from tradewind.runtime.outbox import encode

    await db.pool.execute(TELL, new_id(), event.TYPE, event.key(), encode(event).decode(), at)


def captured(amount: str, currency: str = "EUR") -> PaymentCaptured:
    return PaymentCaptured(order_id=new_id(), payment_id=new_id(), amount=Decimal(amount), currency=currency)


def refunded(amount: str, currency: str = "EUR") -> PaymentRefunded:
    return PaymentRefunded(
        order_id=new_id(), payment_id=new_id(), amount=Decimal(amount), currency=currency, reason="broken"
    )


async def rows(db: Database, size: str) -> Sequence[tuple[Any, ...]]:
    found = await revenue(db.pool, size)
    return [
        (f"{one.since:%d %H:%M}", one.currency, one.captured_minor, one.refunded_minor, one.events) for one in found
    ]


def heard(db: Database, events: int) -> Callable[[], Any]:
    """Whether so many events are in the days' sums."""

    async def look() -> bool:
        return sum(one.events for one in await revenue(db.pool, "day")) >= events

    return look


async def test_revenue_is_summed_by_minute_and_by_day_in_each_currency(shop: Any, job: Job) -> None:
    late = NOON.replace(second=59, microsecond=999_999)
    for event, at in (
        (captured("10.00"), NOON), (captured("0.05"), late), (refunded("2.50"), NOON.replace(minute=1)),
        (captured("900", "JPY"), NOON), (captured("1.00"), NOON.replace(day=2)),
    ):  # fmt: skip
        await tell(shop.db, event, at)
    await job.run(heard(shop.db, 5))
    assert await rows(shop.db, "minute") == [
        ("02 12:00", "EUR", 100, 0, 1), ("01 12:01", "EUR", 0, 250, 1), ("01 12:00", "EUR", 1005, 0, 2),
        ("01 12:00", "JPY", 900, 0, 1),
    ]  # fmt: skip
    assert await rows(shop.db, "day") == [
        ("02 00:00", "EUR", 100, 0, 1), ("01 00:00", "EUR", 1005, 250, 3), ("01 00:00", "JPY", 900, 0, 1),
    ]  # fmt: skip


async def test_what_never_came_or_never_went_back_counts_below_zero_in_the_minute_of_that_news(
    shop: Any, job: Job
) -> None:
    facts: dict[str, Any] = {"order_id": new_id(), "payment_id": new_id(), "currency": "EUR", "reason": "the bank"}
    for minute, event in enumerate((
        captured("10.00"), PaymentCaptureFailed(amount=Decimal("10.00"), **facts),
        refunded("2.50"), PaymentRefundFailed(amount=Decimal("2.50"), **facts),
    )):  # fmt: skip
        await tell(shop.db, event, NOON.replace(minute=minute))
    await job.run(heard(shop.db, 4))
    assert await rows(shop.db, "minute") == [
        ("01 12:03", "EUR", 0, -250, 1), ("01 12:02", "EUR", 0, 250, 1), ("01 12:01", "EUR", -1000, 0, 1),
        ("01 12:00", "EUR", 1000, 0, 1),
    ]  # fmt: skip
    assert await rows(shop.db, "day") == [("01 00:00", "EUR", 0, 0, 4)]


async def test_who_dies_and_begins_again_counts_nothing_twice_and_leaves_nothing_out(shop: Any, job: Job) -> None:
    for number in range(40):
        await tell(shop.db, captured(f"{number}.01"), NOON.replace(second=number))
    await job.die_and_run(heard(shop.db, 40))
    for number in range(10):
        await tell(shop.db, refunded("0.01"), NOON.replace(second=number))
    await job.run(heard(shop.db, 50))
    assert await rows(shop.db, "minute") == [("01 12:00", "EUR", 78_040, 10, 50)]


async def test_an_event_that_comes_twice_is_counted_once(shop: Any, job: Job) -> None:
    if isinstance(job, OfTheLog):
        pytest.skip("an event has one place in the log")
    await tell(shop.db, captured("5.00"), NOON)
    await job.run(heard(shop.db, 1))
    await shop.db.pool.execute("UPDATE runtime.position SET stamp = 0, position = 0 WHERE subscriber = '(kafka)'")
    await tell(shop.db, captured("7.00"), NOON)
    await job.run(heard(shop.db, 2))  # the first was sent again before the second
    assert await rows(shop.db, "day") == [("01 00:00", "EUR", 1200, 0, 2)]


async def test_the_log_adds_nothing_to_what_was_summed_up_from_kafka_meanwhile(shop: Any, job: Job) -> None:
    by_the_log = OfTheLog(shop.db)
    await tell(shop.db, captured("10.00"), NOON)
    await by_the_log.run(heard(shop.db, 1))
    await tell(shop.db, captured("5.00"), NOON)
    if isinstance(job, OfTheLog):  # what the process would write, where there is no Kafka for it
        since = [NOON.replace(second=0, microsecond=0), NOON.replace(hour=0, minute=0, second=0, microsecond=0)]
        await shop.db.pool.execute(SET, ["minute", "day"], since, ["EUR"] * 2, [1500] * 2, [0] * 2, [2] * 2)
    else:
        await job.run(heard(shop.db, 2))
    await tell(shop.db, captured("1.00"), NOON)
    await by_the_log.run(heard(shop.db, 3))
    assert await rows(shop.db, "minute") == [("01 12:00", "EUR", 1600, 0, 3)]
    assert await rows(shop.db, "day") == [("01 00:00", "EUR", 1600, 0, 3)]


def test_an_event_counts_in_the_window_in_which_it_was_told() -> None:
    at = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert [(one.size, one.since.isoformat()) for one in gains(captured("1.00"), at)] == [
        ("minute", "2026-12-31T23:59:00+00:00"), ("day", "2026-12-31T00:00:00+00:00"),
    ]  # fmt: skip
