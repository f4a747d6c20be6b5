"""Orders on OpenSearch: whatever dies, comes late, goes away or is swapped, they come to what the rows say."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from random import Random
from typing import Any, cast

import msgspec
import pytest
from msgspec import structs

from tests.adapters.order_search.conftest import KEEP, a_row, after, an_index, an_order, asked, delete_all, ids
from tests.builders import a_product
from tests.engines import address
from tests.shops import Shop, a_call, open_shop, until, working
from tests.wires import wire
from tradewind.app.engines import Engines
from tradewind.app.free_ports import free_port
from tradewind.app.settings import Settings
from tradewind.app.wiring import WHICH
from tradewind.contexts.orders.manifest import OrderLine, PlaceOrder, rebuild_search
from tradewind.contexts.orders.search_orders.query import SearchOrders
from tradewind.contexts.orders.spread_summaries.timer import bring_on
from tradewind.ports.order_search import OrderSearch, OrderSearchAway, Row
from tradewind.ports.progress import MAX_BEHIND_S, NOWHERE, Reached
from tradewind.runtime import failpoints

pytestmark = pytest.mark.engine("opensearch")
GO = "TRUNCATE orders.orders_by_customer"
NEWEST = "SELECT coalesce(max(stamp), 0) FROM orders.orders_by_customer"


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    failpoints.arm({})


async def of(*chunks: Sequence[Row]) -> AsyncIterator[Sequence[Row]]:
    """What a rebuild is given."""
    for chunk in chunks:
        yield chunk


async def made(index: Any, *rows: Row, upto: int = 1) -> None:
    """An index of these, of which its maker knows how far it is."""
    await index.rebuild(of(rows), Reached(upto, 0))
    await index.reached()


async def everything(index: Any) -> list[Any]:
    found = await index.search(asked(many=101))
    return list(found.orders)


async def test_late_doubled_and_shuffled_versions_come_to_the_last_ones(index: Any) -> None:
    chance, told, last = Random(3), list[Row](), list[Any]()
    for number in range(40):
        order = an_order(at=after(number))
        versions = [structs.replace(order, total_minor=total) for total in range(chance.randrange(1, 5))] + [order]
        told += [a_row(10 + 100 * step + number, one, f"SKU-{step}") for step, one in enumerate(versions)]
        last.append(order)
    await made(index)
    shuffled = [*told, *chance.sample(told, len(told) // 2)]
    chance.shuffle(shuffled)
    while shuffled:
        piece, shuffled = shuffled[:17], shuffled[17:]
        await index.put(piece, Reached(max(one.version for one in piece), 0), is_all=True)
    assert await everything(index) == last[::-1]
    first = await index.search(asked(skus=("SKU-0",)))
    assert len(first.orders) == sum(one.version < 100 and one.summary in last for one in told)


async def test_who_dies_before_it_is_noted_does_it_again_and_it_shows_once(index: Any) -> None:
    order = an_order()
    await made(index)
    failpoints.arm({"order_search.before_reached": "raise"})
    with pytest.raises(failpoints.FailpointHit):
        await index.put([a_row(5, order)], Reached(5, 0), is_all=True)
    assert await index.reached() == Reached(1, 0)
    failpoints.arm({})
    await index.put([a_row(5, order)], Reached(5, 0), is_all=True)
    assert (await index.reached(), await everything(index)) == (Reached(5, 0), [order])


async def test_orders_that_changed_in_one_transaction_are_brought_together_however_few_are_at_once(
    shop: Shop, index: Any
) -> None:
    assert await rebuild_search(shop.db, index)
    orders = [an_order(at=after(number)) for number in range(10)]
    async with shop.db.pool.acquire() as connection, connection.transaction():
        await connection.executemany(KEEP, [structs.astuple(one) for one in orders])
    newest = await shop.db.pool.fetchval(NEWEST)

    async def has_all() -> bool:
        await bring_on(shop.db, index, batch=3)
        return bool((await index.reached()).stamp >= newest)

    await until(shop, has_all)
    assert await everything(index) == orders[::-1]


async def test_how_far_it_is_never_goes_back(index: Any) -> None:
    await made(index)
    for upto in (9, 4, 7):
        await index.put([a_row(upto, an_order())], Reached(upto, 0), is_all=False)
    assert await index.reached() == Reached(9, 0)


async def test_what_is_put_while_it_is_made_anew_is_not_taken_for_said_of_the_new_one(
    index: Any, shop_name: str
) -> None:
    async with an_index(shop_name) as other:
        order, later = an_order(), an_order(at=after(1))
        await made(index, a_row(1, order))
        await made(other, a_row(1, order), upto=2)
        await index.put([a_row(9, later)], Reached(9, 0), is_all=True)  # paused since it asked the one before
        assert await index.reached() == await other.reached() == Reached(2, 0)
        assert await everything(other) == [later, order]


async def test_while_it_is_made_anew_the_one_before_answers_and_of_two_makers_one_wins_whole(
    index: Any, shop_name: str
) -> None:
    order, other_order = an_order(), an_order(at=after(1))
    await made(index, a_row(1, order))

    async def while_it_is_made() -> AsyncIterator[Sequence[Row]]:
        yield [a_row(2, other_order)]
        assert await everything(index) == [order]
        async with an_index(shop_name) as second:
            await made(second, a_row(3, order), a_row(3, other_order), upto=3)
        yield [a_row(2, order)]

    with pytest.raises(OrderSearchAway):  # its own was removed meanwhile
        await index.rebuild(while_it_is_made(), Reached(2, 0))
    assert (await index.reached(), await everything(index)) == (Reached(3, 0), [other_order, order])
    names = await index._client.indices.get_alias(name=f"orders-{shop_name}-v*")
    assert len(names) == 1


async def test_an_index_that_nobody_has_brought_up_to_date_is_refused(
    index: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await made(index, a_row(1, an_order()))
    assert len(await everything(index)) == 1
    monkeypatch.setattr("tradewind.adapters.belief.MAX_BEHIND_S", -MAX_BEHIND_S)
    index._belief.forget()
    with pytest.raises(OrderSearchAway):
        await everything(index)


async def test_an_index_that_somebody_deleted_says_so_and_is_not_made_by_what_is_put(
    index: Any, shop_name: str
) -> None:
    await made(index, a_row(1, an_order()))
    await delete_all(shop_name)
    for attempt in (lambda: index.put([a_row(2, an_order())], Reached(2, 0), is_all=True), lambda: everything(index)):
        with pytest.raises(OrderSearchAway):
            await attempt()
    assert await again(index.reached) == NOWHERE


async def again(ask: Any) -> Any:
    """Its answer, once it is asked again."""
    while True:
        try:
            return await ask()
        except OrderSearchAway:
            await asyncio.sleep(0.05)


async def test_who_is_away_or_hangs_is_told_by_the_ports_own_refusal_and_left_alone_for_a_while() -> None:
    loop = asyncio.get_running_loop()
    async with an_index("away", f"http://127.0.0.1:{free_port('127.0.0.1')}", retry_s=60.0) as away:
        for attempt in (away.reached, lambda: everything(away), lambda: made(away)):
            with pytest.raises(OrderSearchAway):
                await attempt()
    async with wire(address("OPENSEARCH_URL")) as line:
        line.hang()
        async with an_index("hangs", line.url, answer_s=0.5, retry_s=60.0) as hangs:
            begun = loop.time()
            for _ in range(20):
                with pytest.raises(OrderSearchAway):
                    await hangs.reached()
            assert loop.time() - begun < 5.0


async def an_order_of(shop: Shop, sku: str) -> Any:
    command = PlaceOrder(items=(OrderLine(sku=sku, qty=1),), shipping_address={"country": "DE"})
    return (await shop.dispatch(command, a_call())).id


async def found(shop: Shop, **question: Any) -> list[Any]:
    return [one.id for one in (await shop.dispatch(SearchOrders(**question), a_call("support"))).items]


async def caught_up(shop: Shop, orders: int) -> bool:
    """Whether the index has so many orders, as they are."""
    search: Any = shop.db.peers[OrderSearch]
    try:
        reached = await search.reached()
        newest = await shop.db.pool.fetchval(NEWEST)
        return bool(reached.stamp >= newest and len(await everything(search)) == orders)
    except OrderSearchAway:
        return False


async def test_a_shop_goes_on_while_opensearch_is_away_and_the_index_catches_up_by_itself(
    settings: Settings, own_engines: Engines
) -> None:
    async with wire(address("OPENSEARCH_URL")) as line:
        told = replace(settings, opensearch_url=line.url)
        async with open_shop(told, own_engines, connections=8) as shop:
            name = await shop.db.pool.fetchval(WHICH)
            search: Any = shop.db.peers[OrderSearch]
            sku = await a_product(shop, "LAMP", stock=50)
            async with working(shop):
                orders = [await an_order_of(shop, sku) for _ in range(3)]
                await until(shop, lambda: caught_up(shop, 3))
                assert await found(shop, item="LAMP") == orders[::-1]
                line.cut()
                with pytest.raises(OrderSearchAway):
                    await everything(search)
                orders += [await an_order_of(shop, sku) for _ in range(3)]

                async def shows_all() -> bool:
                    return await found(shop, item="LAMP") == orders[::-1]

                await until(shop, shows_all)
                line.mend()
                await until(shop, lambda: caught_up(shop, 6))
                await delete_all(name)
                await until(shop, lambda: caught_up(shop, 6))
            first = await shop.dispatch(SearchOrders(limit=4), a_call("support"))
            await shop.db.pool.execute(GO)
            assert await found(shop, item="LAMP") == orders[::-1]
            assert await found(shop, cursor=first.next) == orders[1::-1]
            await delete_all(name)


async def test_a_cursor_that_the_index_gave_goes_on_in_the_rows(settings: Settings, own_engines: Engines) -> None:
    told = replace(settings, opensearch_url=address("OPENSEARCH_URL"))
    async with open_shop(told, own_engines, connections=8) as shop:
        sku = await a_product(shop, "LAMP", stock=50)
        async with working(shop):
            orders = [await an_order_of(shop, sku) for _ in range(5)]
            await until(shop, lambda: caught_up(shop, 5))
        first = await shop.dispatch(SearchOrders(limit=2), a_call("support"))
        await delete_all(await shop.db.pool.fetchval(WHICH))
        rest = await found(shop, cursor=first.next)
        assert [one.id for one in first.items] + rest == orders[::-1]


async def test_the_command_makes_the_index_anew(settings: Settings, own_engines: Engines) -> None:
    url = address("OPENSEARCH_URL")
    told = replace(settings, database_url=own_engines.database_url, opensearch_url=url)
    environment = {
        **os.environ,
        "TRADEWIND_HOME": str(told.home),
        "TRADEWIND_DATABASE_URL": own_engines.database_url,
        "TRADEWIND_PROVIDER_URL": own_engines.provider_url,
        "TRADEWIND_OPENSEARCH_URL": url,
    }
    async with open_shop(told, own_engines, connections=4) as shop:
        name = await shop.db.pool.fetchval(WHICH)
        search = cast(OrderSearch, shop.db.peers[OrderSearch])
        assert await rebuild_search(shop.db, search)
        stale = an_order()
        await search.reached()
        await search.put([a_row(2**60, stale)], Reached(2**60, 0), is_all=True)
        assert ids(await cast(Any, search).search(asked())) == [stale.order_id]
        done = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tradewind.app.cli", "lists", "rebuild", "--json",
            env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        said, trouble = await done.communicate()
        assert (done.returncode, msgspec.json.decode(said)) == (0, {"rebuilt": True}), trouble
        assert await everything(search) == []
        await delete_all(name)
