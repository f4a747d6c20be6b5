"""The numbers of a product's stock: put into the cache by events, and by none that is older than what was seen."""

from typing import Any, Final
from uuid import UUID

import msgspec
import pytest

from tests.builders import a_delivery, a_product
from tests.shops import Shop, a_call, open_shop
from tradewind.contexts.inventory._domain.stock import NoSuchStock
from tradewind.contexts.inventory.query_stock.numbers import KEY, ShowStockNumbers, Standings
from tradewind.contracts.inventory import InventoryPeer, InventoryReleased, Level, Wanted
from tradewind.kernel.ids import new_id
from tradewind.ports.cache import Cache
from tradewind.ports.stock_snapshots import Standing
from tradewind.runtime.keeping import Encoded

ID: Final = "SELECT product_id FROM inventory.inventory_stock WHERE sku = $1"
VERSION: Final = "SELECT max(version) FROM inventory.inventory_stock WHERE sku = 'LAMP'"
MISCOUNT: Final = "UPDATE inventory.inventory_stock SET on_hand = 77 WHERE sku = 'LAMP'"


async def shown(shop: Shop, product_id: UUID, *roles: str) -> tuple[int, int, int]:
    body: Encoded = await shop.dispatch(ShowStockNumbers(product_id=product_id), a_call(*(roles or ("anonymous",))))
    return numbers(body.content)


def numbers(body: bytes) -> tuple[int, int, int]:
    found = msgspec.json.decode(body)
    return found["onHand"], found["reserved"], found["available"]


async def kept(shop: Shop, product_id: UUID) -> tuple[int, int, int] | None:
    """What lies in this process's cache once it has heard everything."""
    await shop.tail.caught_up()
    cache: Any = shop.db.peers[Cache]
    found: bytes | None = await cache.get(KEY.format(product_id))
    return None if found is None else numbers(found.partition(b"\n")[2])


async def a_lamp(shop: Shop) -> UUID:
    """The id of a product of which ten lie there."""
    found: UUID = await shop.db.pool.fetchval(ID, await a_product(shop, "LAMP", stock=10))
    await shop.tail.caught_up()
    return found


async def test_a_product_without_stock_has_no_numbers(shop: Shop) -> None:
    with pytest.raises(NoSuchStock):
        await shown(shop, unknown := new_id())
    assert await kept(shop, unknown) is None


async def test_events_put_the_numbers_there_and_nobody_asks_the_database(shop: Shop) -> None:
    lamp, order_id, peer = await a_lamp(shop), new_id(), shop.db.peers[InventoryPeer]
    inventory: Any = peer
    assert await shown(shop, lamp) == (10, 0, 10)
    await a_delivery(shop, "LAMP", 5)
    assert await kept(shop, lamp) == (15, 0, 15)
    async with shop.db.transaction(a_call("system")) as tx:
        tx.tell(*await inventory.reserve(tx, [Wanted(order_id, {"LAMP": 3})]))
    assert await kept(shop, lamp) == (15, 3, 12)
    async with shop.db.transaction(a_call("system")) as tx:
        await inventory.confirm(tx, [order_id])
    assert await kept(shop, lamp) == (12, 0, 12)
    await shop.db.pool.execute(MISCOUNT)
    assert (await shown(shop, lamp), await shown(shop, lamp, "admin")) == ((12, 0, 12), (77, 0, 77))


async def test_what_an_older_transaction_tells_late_takes_nobody_back(shop: Shop) -> None:
    lamp = await a_lamp(shop)
    await shown(shop, lamp)
    await a_delivery(shop, "LAMP", 5)
    version = await shop.db.pool.fetchval(VERSION)
    for told, on_hand, comes_to in ((version - 1, 10, (15, 0, 15)), (version + 1, 14, (14, 0, 14))):
        late = InventoryReleased(order_id=new_id(), reason="test", levels=(Level("LAMP", told, on_hand, 0),))
        async with shop.db.transaction(a_call("system")) as tx:
            tx.tell(late)
        assert await kept(shop, lamp) == comes_to


async def test_a_process_that_has_not_read_the_rows_puts_nothing_there(shop: Shop) -> None:
    lamp = await a_lamp(shop)
    async with open_shop(shop.settings, shop.engines, connections=4) as other:
        await shown(shop, lamp)
        await a_delivery(shop, "LAMP", 5)
        assert (await kept(shop, lamp), await kept(other, lamp)) == ((15, 0, 15), None)
        assert await shown(other, lamp) == (15, 0, 15)
        await a_delivery(shop, "LAMP", 5)
        assert await kept(other, lamp) == (20, 0, 20)


def test_the_newest_word_counts_in_whichever_sequence_they_come() -> None:
    known, product_id = Standings(), new_id()
    assert known.heard(Standing("A", 6, 6, 0)) is None, "it may have missed what came before"
    assert known.read(Standing("A", 5, 5, 0, product_id)) == Standing("A", 6, 6, 0, product_id)
    assert known.heard(Standing("A", 4, 4, 0)) == Standing("A", 6, 6, 0, product_id)
    assert known.heard(Standing("A", 7, 7, 1)) == Standing("A", 7, 7, 1, product_id)
    known.clear()
    assert known.heard(Standing("A", 8, 8, 0)) is None
