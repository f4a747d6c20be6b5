"""Lists on Cassandra: whatever dies, comes late or goes away in between, they come to what the log says."""

import asyncio
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any, cast

import msgspec
import pytest

from tests.adapters.order_lists.conftest import ANSWER_S, OnCassandra, Wire, keyspace
from tests.adapters.order_lists.told import FIRST, lives, placed
from tests.builders import a_product
from tests.engines import address
from tests.shops import Shop, a_call, open_shop, until, working
from tradewind.app.engines import Engines
from tradewind.app.free_ports import free_port
from tradewind.app.settings import Settings
from tradewind.contexts.orders.list_orders.query import ListOrders
from tradewind.contexts.orders.manifest import OrderLine, PlaceOrder, rebuild_lists
from tradewind.ports.order_lists import OrderLists, OrderListsAway
from tradewind.ports.progress import MAX_BEHIND_S, Reached
from tradewind.runtime import failpoints

pytestmark = pytest.mark.engine("cassandra")
GO = "TRUNCATE orders.orders_by_customer"
FORGET_TOTAL = "DELETE total_minor FROM orders_by_customer WHERE user_id = ? AND placed_us = ? AND order_id = ?"
NEWEST = "SELECT stamp, position FROM runtime.outbox ORDER BY stamp DESC, position DESC LIMIT 1"


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    failpoints.arm({})


@pytest.mark.parametrize("seed", range(3))
async def test_late_doubled_and_shuffled_events_come_to_the_same_rows(cassandra: OnCassandra, seed: int) -> None:
    told, chance = lives(seed), Random(seed)
    await cassandra.hear(told)
    expected = await cassandra.rows()
    await cassandra.hear(told[: len(told) // 2])
    assert await cassandra.rows() == expected
    await cassandra.lists.clear()
    assert await cassandra.rows() == []
    shuffled = [*told, *chance.sample(told, len(told) // 3)]
    chance.shuffle(shuffled)
    while shuffled:
        piece, shuffled = shuffled[:17], shuffled[17:]
        await cassandra.hear(piece)
    assert await cassandra.rows() == expected


@pytest.mark.parametrize("point", ["order_lists.before_learned", "order_lists.before_reached"])
async def test_who_dies_between_two_writes_does_it_again_and_it_shows_once(cassandra: OnCassandra, point: str) -> None:
    told = lives(5)
    await cassandra.hear(told[:20])
    failpoints.arm({point: "raise"})
    with pytest.raises(failpoints.FailpointHit):
        await cassandra.hear(told[20:])
    assert await cassandra.lists.reached() == Reached(1, told[19][0])
    await cassandra.hear(told[20:])
    found = await cassandra.rows()
    await cassandra.lists.clear()
    await cassandra.hear(told)
    assert await cassandra.rows() == found


async def test_an_order_of_which_only_a_part_is_written_yet_is_not_shown_in_part(cassandra: OnCassandra) -> None:
    await cassandra.hear([(1, placed("ann")), (2, placed("ann"))])
    [user_id, placed_us, order_id, *_] = (await cassandra.rows())[0]
    await cassandra.link.ask(FORGET_TOTAL, user_id, placed_us, order_id)
    with pytest.raises(OrderListsAway):
        await cassandra.newest("ann", FIRST, 2)


async def test_how_far_they_are_never_goes_back(cassandra: OnCassandra) -> None:
    for upto in (Reached(5, 9), Reached(5, 10), Reached(4, 99), Reached(5, 3)):
        await cassandra.lists.put([], upto, is_all=False)
    assert await cassandra.lists.reached() == Reached(5, 10)


async def test_lists_that_nobody_has_brought_up_to_date_are_refused(
    cassandra: OnCassandra, monkeypatch: pytest.MonkeyPatch
) -> None:
    await cassandra.lists.put([], Reached(1, 1), is_all=False)
    with pytest.raises(OrderListsAway):
        await cassandra.newest("ann", FIRST, 1)
    await cassandra.hear([(2, placed("ann"))])
    assert len(await cassandra.newest("ann", FIRST, 1)) == 1
    monkeypatch.setattr("tradewind.adapters.belief.MAX_BEHIND_S", -MAX_BEHIND_S)
    cassandra.lists._progress.forget()
    with pytest.raises(OrderListsAway):
        await cassandra.newest("ann", FIRST, 1)


async def test_a_keyspace_that_somebody_dropped_is_made_again_and_is_empty(cassandra: OnCassandra) -> None:
    await cassandra.hear([(2, placed("ann"))])
    name = cassandra.link._name
    await cassandra.link.ask(f"DROP KEYSPACE {name}")

    with pytest.raises(OrderListsAway):
        await cassandra.hear([(3, placed("ann"))])
    assert await again(cassandra.lists.reached) == Reached(0, 0)


async def again(ask: Any) -> Any:
    """Its answer, once there is one."""
    while True:
        try:
            return await ask()
        except OrderListsAway:
            await asyncio.sleep(0.05)


async def test_who_is_away_is_told_by_the_ports_own_refusal_and_asked_again_later() -> None:
    away = OnCassandra(f"127.0.0.1:{free_port('127.0.0.1')}", "away", answer_s=10.0)
    with pytest.raises(OrderListsAway):
        await away.lists.reached()
    with pytest.raises(OrderListsAway):
        await away.newest("ann", FIRST, 1)
    await away.link.close()


async def test_a_cassandra_that_hangs_holds_nobody_up_for_longer_than_its_limit(wire: Wire) -> None:
    async with keyspace() as name:
        slow = OnCassandra(f"127.0.0.1:{wire.port}", name, answer_s=2.0)
        order = placed("ann")
        await again(lambda: slow.hear([(1, order)]))
        wire.hang()
        for _ in range(3):
            with pytest.raises(OrderListsAway):
                await slow.lists.reached()
        wire.flow()
        await again(lambda: slow.hear([(1, order)]))
        assert [one.order_id for one in await slow.newest("ann", FIRST, 9)] == [order.order_id]
        await slow.link.close()


async def an_order(shop: Shop, sku: str, buyer: str) -> Any:
    command = PlaceOrder(items=(OrderLine(sku=sku, qty=1),), shipping_address={"country": "DE"})
    return (await shop.dispatch(command, a_call(subject=buyer))).id


async def listed(shop: Shop, buyer: str) -> list[Any]:
    return [one.id for one in (await shop.dispatch(ListOrders(), a_call(subject=buyer))).items]


async def caught_up(shop: Shop) -> bool:
    """Whether the lists are as far as the log, and believed."""
    lists: Any = shop.db.peers[OrderLists]
    try:
        await lists.newest("nobody", FIRST, 1)
        return tuple(await lists.reached()) >= tuple(await shop.db.pool.fetchrow(NEWEST))
    except OrderListsAway:
        return False


async def test_a_shop_goes_on_while_cassandra_is_away_and_its_lists_catch_up_by_themselves(
    settings: Settings, own_engines: Engines, wire: Wire
) -> None:
    told = replace(settings, cassandra_servers=f"127.0.0.1:{wire.port}")
    async with open_shop(told, own_engines, connections=8) as shop:
        sku = await a_product(shop, "LAMP", stock=50)
        async with working(shop):
            orders = [await an_order(shop, sku, "ann") for _ in range(3)]
            await until(shop, lambda: caught_up(shop))
            assert await listed(shop, "ann") == orders[::-1]
            await wire.cut()
            with pytest.raises(OrderListsAway):
                await cast(OrderLists, shop.db.peers[OrderLists]).newest("ann", FIRST, 1)
            orders += [await an_order(shop, sku, "ann") for _ in range(3)]

            async def shows_all() -> bool:
                return await listed(shop, "ann") == orders[::-1]

            await until(shop, shows_all)
            await wire.mend()
            await until(shop, lambda: caught_up(shop))
        await shop.db.pool.execute(GO)
        assert await listed(shop, "ann") == orders[::-1]
        lists: Any = shop.db.peers[OrderLists]
        assert await rebuild_lists(shop.db, lists)
        assert await listed(shop, "ann") == orders[::-1]
        await lists._cassandra.link.ask(f"DROP KEYSPACE {lists._cassandra.link._name}", within_s=ANSWER_S)


async def test_two_processes_that_bring_the_same_do_no_harm() -> None:
    servers, told = address("CASSANDRA_SERVERS"), lives(9)
    async with keyspace() as name:
        one, other = OnCassandra(servers, name), OnCassandra(servers, name)
        for begin in range(0, len(told), 10):
            await one.hear(told[begin : begin + 10])
            await other.hear(told[max(0, begin - 10) : begin + 10])
        found = await one.rows()
        await one.lists.clear()
        await one.hear(told)
        assert await other.rows() == found
        await one.link.close()
        await other.link.close()


async def test_the_command_makes_lists_anew_and_says_where_none_are_kept(
    settings: Settings, own_engines: Engines
) -> None:
    told = replace(settings, database_url=own_engines.database_url, cassandra_servers=address("CASSANDRA_SERVERS"))
    async with open_shop(told, own_engines, connections=8) as shop:
        sku = await a_product(shop, "LAMP")
        order = await an_order(shop, sku, "ann")
        assert await listed(shop, "ann") == []
        async with asyncio.timeout(240):
            while (said := await lists_rebuild(told)) == (1, None):
                pass  # a Cassandra that is busy is away to it, and it is asked again
        assert said == (0, {"rebuilt": True})
        assert await listed(shop, "ann") == [order]
        lists: Any = shop.db.peers[OrderLists]
        await lists._cassandra.link.ask(f"DROP KEYSPACE {lists._cassandra.link._name}", within_s=ANSWER_S)
    assert await lists_rebuild(replace(told, cassandra_servers=None)) == (1, None)


async def lists_rebuild(settings: Settings) -> tuple[int, Any]:
    """How the command ended, and what it said."""
    named = {
        "HOME": str(settings.home), "DATABASE_URL": settings.database_url,
        "CASSANDRA_SERVERS": settings.cassandra_servers,
    }  # fmt: skip
    given = {f"TRADEWIND_{name}": str(value) for name, value in named.items() if value}
    argv = (sys.executable, "-m", "tradewind.app.cli", "lists", "rebuild", "--json")
    ran = await asyncio.create_subprocess_exec(*argv, env={**os.environ, **given}, stdout=asyncio.subprocess.PIPE)
    said, _ = await ran.communicate()
    return ran.returncode or 0, msgspec.json.decode(said) if said else None
