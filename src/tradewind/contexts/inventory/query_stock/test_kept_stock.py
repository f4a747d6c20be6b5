"""The cached stock: taken out by every event that moves it, asked of the rows where the log's tail is stale."""

from typing import Any, Final
from uuid import UUID

import msgspec
import pytest

from tests.builders import a_delivery, a_product
from tests.shops import Shop, a_call, until
from tradewind.contexts.inventory._domain.stock import NoSuchStock
from tradewind.contexts.inventory.query_stock.kept import ShowStock
from tradewind.contexts.inventory.query_stock.numbers import KEY_BY_SKU
from tradewind.contracts.inventory import InventoryPeer, Wanted
from tradewind.kernel.ids import new_id
from tradewind.ports.cache import Cache
from tradewind.runtime import tail
from tradewind.runtime.keeping import Encoded

MISCOUNT: Final = "UPDATE inventory.inventory_stock SET on_hand = 77 WHERE sku = 'LAMP'"


async def shown(shop: Shop, *roles: str, sku: str = "LAMP") -> tuple[int, int]:
    body: Encoded = await shop.dispatch(ShowStock(sku=sku), a_call(*(roles or ("anonymous",))))
    found = msgspec.json.decode(body.content)
    return found["onHand"], found["reserved"]


async def kept(shop: Shop) -> bytes | None:
    cache: Any = shop.db.peers[Cache]
    found: bytes | None = await cache.get(KEY_BY_SKU.format("LAMP"))
    return found


async def until_kept(shop: Shop) -> None:
    async def look() -> bytes | None:
        await shown(shop)
        return await kept(shop)

    await until(shop, look)


async def test_what_has_no_stock_is_not_kept(shop: Shop) -> None:
    with pytest.raises(NoSuchStock):
        await shown(shop)
    assert await kept(shop) is None


async def test_what_is_kept_is_answered_to_shoppers_and_never_to_who_adjusts_it(shop: Shop) -> None:
    await a_product(shop, "LAMP", stock=10)
    await until_kept(shop)
    await shop.db.pool.execute(MISCOUNT)
    assert (await shown(shop), await shown(shop, "admin")) == ((10, 0), (77, 0))


async def test_where_the_tail_is_stale_the_rows_are_asked(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    await a_product(shop, "LAMP", stock=10)
    await until_kept(shop)
    await shop.db.pool.execute(MISCOUNT)
    monkeypatch.setattr(tail, "STALE_AFTER_S", -1.0)
    assert await shown(shop) == (77, 0)


async def test_every_event_that_moves_stock_is_seen_as_soon_as_it_is_heard(shop: Shop) -> None:
    await a_product(shop, "LAMP", stock=10)
    order_id = new_id()

    async def after(step: Any) -> tuple[int, int]:
        await until_kept(shop)
        await step()
        await shop.tail.caught_up()
        assert await kept(shop) is None
        return await shown(shop)

    async def reserve() -> None:
        async with shop.db.transaction(a_call("system")) as tx:
            tx.tell(*await peer(shop).reserve(tx, [Wanted(order_id, {"LAMP": 3})]))

    async def confirm() -> None:
        async with shop.db.transaction(a_call("system")) as tx:
            await peer(shop).confirm(tx, [order_id])

    async def release() -> None:
        async with shop.db.transaction(a_call("system")) as tx:
            await peer(shop).release(tx, [order_id], "test")

    assert await after(lambda: a_delivery(shop, "LAMP", 5)) == (15, 0)
    assert await after(reserve) == (15, 3)
    assert await after(confirm) == (12, 0)
    assert await after(release) == (15, 0)
    assert await confirmed(shop, order_id) == [{"sku": "LAMP", "qty": 3}]


def peer(shop: Shop) -> Any:
    return shop.db.peers[InventoryPeer]


async def confirmed(shop: Shop, order_id: UUID) -> Any:
    told = "SELECT payload->>'items' FROM runtime.outbox WHERE type LIKE '%reservation.confirmed%' AND key = $1"
    return msgspec.json.decode(await shop.db.pool.fetchval(told, str(order_id)))
