"""What one database tells, told to partners by another: in order per key, once each, whoever dies meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from typing import Final

import msgspec
import pytest
import pytest_asyncio

from tests.remote.test_hearing_apart import REGISTER, told
from tests.shops import Shop, open_shop, until
from tests.webhooks.conftest import ADMIN, TYPE, Desk, a_name, desk, low
from tradewind.adapters.log.kafka.places import KafkaPlaces
from tradewind.adapters.log.kafka.received import Received
from tradewind.app.audit import audit
from tradewind.app.commands.dlq import list_letters, redrive_letter
from tradewind.app.elsewhere import note_for_partners
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.contexts.webhooks._delivery import watch
from tradewind.contexts.webhooks._store import foreign
from tradewind.contexts.webhooks._subscribers.hear_elsewhere import HEAR_ELSEWHERE
from tradewind.contexts.webhooks.list_deliveries.query import ListDeliveries
from tradewind.contexts.webhooks.pause_subscription.command import PauseSubscription
from tradewind.contexts.webhooks.redeliver.command import Redeliver
from tradewind.contracts.inventory import LowStockDetected
from tradewind.contracts.pricing import ProductPriceChanged
from tradewind.kernel.clock import held, now
from tradewind.runtime.failpoints import arm
from tradewind.runtime.feeds import Feed

__all__ = ["desk"]

COUNT: Final = "SELECT count(*) FROM webhooks.foreign_event"
OLDER: Final = "UPDATE webhooks.foreign_event SET heard_at = heard_at - interval '36 days'"
OF_WEBHOOKS: Final = ("webhooks", "order at partners")


@pytest_asyncio.fixture
async def other(settings: Settings, other_engines: Engines) -> AsyncIterator[Shop]:
    """Where inventory tells, in a database of its own."""
    async with open_shop(settings, other_engines, connections=4) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    yield
    arm({})


async def tell(shop: Shop, *keys: str) -> list[Received]:
    """Low stock of each, told in one transaction each; all that was told so far, as others have it by Kafka."""
    for key in keys:
        async with shop.db.transaction(ADMIN) as tx:
            tx.tell(low(key))
    return await told(shop, LowStockDetected)


async def hear(desk: Desk, batches: Sequence[Sequence[Received]]) -> None:
    """Have webhooks hear these, as one process does that may be the next one after another that died."""
    await desk.shop.db.pool.execute(REGISTER, HEAR_ELSEWHERE.name)
    feed = Feed([HEAR_ELSEWHERE], desk.shop.db, KafkaPlaces({TYPE: [HEAR_ELSEWHERE.name]}))
    task = asyncio.create_task(feed.run())
    for batch in batches:
        await feed.put(batch)
    await feed.settled()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await desk.shop.db.pool.fetchval("SELECT count(*) FROM runtime.dead_letter") == 0


async def delivered(desk: Desk, count: int) -> None:
    """So many messages there are, and nothing is under way."""
    async with asyncio.timeout(20):
        while await desk.count() < count:
            await desk.work()
    await desk.work()
    assert await desk.count() == count


async def accused(desk: Desk) -> list[str]:
    """What the auditor says of webhooks."""
    report = await audit(desk.shop.engines.database_url, None)
    return [line for check in report.checks if check.name in OF_WEBHOOKS for line in check.violations]


def of_key(desk: Desk, name: str, key: str) -> list[str]:
    """Ids of what a partner was told of a key, as it came."""
    return [one.id for one in desk.partners.heard[name] if one.event["payload"]["sku"] == key]


@pytest.mark.parametrize("where", ["before_commit", "after_commit"])
async def test_partners_are_told_in_order_and_once_whoever_dies_while_it_is_heard(
    desk: Desk, other: Shop, where: str
) -> None:
    name = a_name()
    partner = await desk.subscribe(name)
    events = await tell(other, *"abaacb")
    arm({f"relay.{where}": "raise@1"})
    await hear(desk, [events[:3], events[3:4]])
    arm({})
    await hear(desk, [events[:2], events[2:]])  # the next one begins before the place where the first one ended
    await hear(desk, [events])
    await delivered(desk, 6)
    expected = {key: [str(one.row["event_id"]) for one in events if one.event.sku == key] for key in "abc"}  # type: ignore[attr-defined]
    assert {key: of_key(desk, name, key) for key in "abc"} == expected
    heard = desk.partners.heard[name]
    assert sorted(one.sequence for one in heard) == [1, 2, 3, 4, 5, 6]
    first = next(one for one in heard if one.id == str(events[0].row["event_id"]))
    assert first.event == {
        **first.event,
        "eventId": str(events[0].row["event_id"]),
        "traceId": events[0].row["trace_id"],
        "correlationId": events[0].row["correlation_id"],
        "partitionKey": events[0].row["key"],
        "producer": "inventory-service",
    }
    assert await accused(desk) == []
    with held(desk.now):
        again = await desk.shop.dispatch(Redeliver(subscription_id=partner.id, since=5), ADMIN)
    assert again.count == 2
    await desk.work()
    page = await desk.shop.dispatch(ListDeliveries(subscription_id=partner.id), ADMIN)
    assert [len(one.log) for one in page.items] == [1, 1, 1, 1, 2, 2]


async def test_what_this_log_says_of_inventory_goes_out_only_while_inventory_is_here(desk: Desk, other: Shop) -> None:
    name = a_name()
    await desk.subscribe(name)
    apart = replace(desk.shop.settings, inventory_url="grpc://127.0.0.1:1", inventory_database_url="postgresql://there")
    await desk.tell("a")
    for _ in range(2):  # each process of the shop says so when it begins
        await note_for_partners(apart, desk.shop.db)
    await tell(desk.shop, "b")  # as an order's step by which its goods are held there
    await hear(desk, [await tell(other, "b")])
    await delivered(desk, 2)
    await note_for_partners(desk.shop.settings, desk.shop.db)
    await tell(desk.shop, "c")
    await delivered(desk, 3)
    assert [len(of_key(desk, name, key)) for key in "abc"] == [1, 1, 1]
    (there,) = await told(other, LowStockDetected)
    assert of_key(desk, name, "b") == [str(there.row["event_id"])]
    assert await accused(desk) == []


async def test_what_this_database_tells_itself_is_left_to_its_log(desk: Desk) -> None:
    await desk.subscribe(a_name())
    row = (await tell(desk.shop, "a"))[0]
    here = await desk.shop.db.pool.fetchrow("SELECT stamp, position FROM runtime.outbox WHERE type = $1", TYPE)
    await hear(desk, [[replace(row, at=type(row.at)(*here))]])
    assert await desk.shop.db.pool.fetchval(COUNT) == 0
    await delivered(desk, 1)


async def test_who_pauses_is_told_afterwards_and_until_then_nothing_of_it_is_forgotten(desk: Desk, other: Shop) -> None:
    name, pausing, prices = a_name(), a_name(), a_name()
    await desk.subscribe(name)
    partner = await desk.subscribe(pausing)
    await desk.subscribe(prices, event_types=[ProductPriceChanged.TYPE])  # stands behind, and waits for none of it
    desk.now = now()
    await desk.shop.dispatch(PauseSubscription(subscription_id=partner.id, paused=True), ADMIN)
    await hear(desk, [await tell(other, "a", "b")])
    await delivered(desk, 2)
    pool = desk.shop.db.pool
    await pool.execute(OLDER)
    assert (await purged(desk), await pool.fetchval(COUNT)) == (0, 2)
    await desk.shop.dispatch(PauseSubscription(subscription_id=partner.id, paused=False), ADMIN)
    await delivered(desk, 4)
    assert len(desk.partners.heard[pausing]) == 2
    assert (await purged(desk), await pool.fetchval(COUNT)) == (2, 0)
    assert await accused(desk) == [], "nobody can count what was forgotten"
    await hear(desk, [(await tell(other, "a"))[2:]])
    await desk.tell("a")
    assert [await pool.fetchval(COUNT), await accused(desk)] == [1, []]
    await pool.execute("DELETE FROM webhooks.delivery WHERE sequence = 3")
    assert len(await accused(desk)) == 2, "what came after it is counted"


async def purged(desk: Desk) -> int:
    """What the chore forgot."""
    async with desk.shop.db.transaction(ADMIN) as tx:
        return await watch.purge(tx)


async def test_one_kept_below_the_horizon_reaches_nobody_and_the_auditor_says_so(
    desk: Desk, other: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.subscribe(a_name())
    events = await tell(other, "a", "b", "c")
    for one in events[:2]:
        await hear(desk, [[one]])
        await delivered(desk, events.index(one) + 1)
    assert await accused(desk) == []
    bug = foreign.HEAR.replace("greatest(", "least((SELECT min(stamp) FROM webhooks.foreign_event), ")
    assert bug != foreign.HEAR
    monkeypatch.setattr(foreign, "HEAR", bug)
    await hear(desk, [[events[2]]])
    await desk.work()
    assert await desk.count() == 2, "nobody looks there any more"
    (line,) = await accused(desk)
    assert f"the log has {events[2].row['event_id']} there" in line


async def test_an_event_that_nobody_reads_is_accused(desk: Desk, other: Shop) -> None:
    await desk.subscribe(a_name())
    await hear(desk, [await tell(other, "a", "b")])
    assert await accused(desk) == [], "it was heard just now"
    await desk.shop.db.pool.execute("UPDATE webhooks.foreign_event SET heard_at = heard_at - interval '2 hours'")
    (line,) = await accused(desk)
    assert "has 2 events for it, unread since" in line
    await delivered(desk, 2)
    assert await accused(desk) == []
    await desk.shop.db.pool.execute("DELETE FROM webhooks.delivery WHERE sequence = 1")
    (line,) = await accused(desk)
    assert "message 1 about event" in line
    assert "was lost" in line


async def test_who_subscribes_late_is_not_told_what_another_database_told_long_before(desk: Desk, other: Shop) -> None:
    await tell(other, "a")
    await other.db.pool.execute("UPDATE runtime.outbox SET occurred_at = occurred_at - interval '2 hours'")
    name = a_name()
    await desk.subscribe(name)
    await hear(desk, [await tell(other, "a", "b")])
    await delivered(desk, 2)
    assert [len(of_key(desk, name, key)) for key in "ab"] == [1, 1]
    assert await accused(desk) == []


async def test_what_was_given_up_is_heard_and_told_once_it_is_redriven(desk: Desk, other: Shop) -> None:
    name = a_name()
    await desk.subscribe(name)
    (one,) = await tell(other, "a")
    await hear(desk, [])
    given_up = replace(one, text=msgspec.json.encode(one.envelope).decode())
    async with desk.shop.db.transaction(ADMIN) as tx:
        await KafkaPlaces({}).park(tx, HEAR_ELSEWHERE.name, given_up, "a test", 5)
    (letter,) = await list_letters([desk.shop], 10)
    await redrive_letter([desk.shop], letter.id)
    await delivered(desk, 1)
    assert of_key(desk, name, "a") == [str(one.row["event_id"])]
    await hear(desk, [[one]])
    assert (await desk.shop.db.pool.fetchval(COUNT), await accused(desk)) == (1, [])


async def test_where_all_is_in_one_process_nobody_hears_a_second_time_for_partners(working_shop: Shop) -> None:
    pool = working_shop.db.pool
    sql = "SELECT subscriber FROM runtime.position WHERE subscriber NOT LIKE '(%'"  # chores have places, too
    heard = await until(working_shop, lambda: pool.fetch(sql))
    carried = {one.name for context in working_shop.contexts for one in context.subscribers}
    assert {row["subscriber"] for row in heard} == carried
    assert HEAR_ELSEWHERE.name not in carried
