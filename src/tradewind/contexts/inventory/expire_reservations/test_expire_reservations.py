"""Expiry: only what is overdue, whole orders, and never what somebody is just confirming."""

import asyncio
from uuid import UUID

from tests.shops import a_call
from tradewind.contexts.inventory.conftest import Store, wants
from tradewind.contexts.inventory.expire_reservations.timer import expire_reservations
from tradewind.contracts.inventory import InventoryPeer

OVERDUE = "UPDATE inventory.reservation SET expires_at = now() - interval '1 second' WHERE order_id = ANY($1::uuid[])"


async def held(store: Store, orders: int) -> list[UUID]:
    wanted = [wants(A=1, B=2) for _ in range(orders)]
    await store.reserve(*wanted)
    return [order.order_id for order in wanted]


async def expire(store: Store) -> int:
    async with store.shop.db.transaction(a_call("system")) as tx:
        return await expire_reservations(tx)


async def test_what_is_not_overdue_stays(store: Store) -> None:
    await store.fill(A=9, B=9)
    await held(store, 2)
    assert await expire(store) == 0
    assert await store.stock() == {"A": (9, 2), "B": (9, 4)}


async def test_what_was_confirmed_in_time_stays_out(store: Store) -> None:
    await store.fill(A=9, B=9)
    orders = await held(store, 1)
    await store.confirm(*orders)
    await store.shop.db.pool.execute(OVERDUE, orders)
    assert await expire(store) == 0
    assert await store.stock() == {"A": (8, 0), "B": (7, 0)}


async def test_what_is_overdue_is_free_again_and_told_once(store: Store) -> None:
    await store.fill(A=99, B=99)
    late, kept = await held(store, 2)
    await store.shop.db.pool.execute(OVERDUE, [late])
    assert await expire(store) == 1
    assert await expire(store) == 0
    assert await store.stock() == {"A": (99, 1), "B": (99, 2)}
    assert await store.told() == [("reservation.expired", str(late))]
    assert await store.confirm(late, kept) == {kept}


async def test_an_order_that_somebody_is_working_on_is_left_alone(store: Store) -> None:
    await store.fill(A=9, B=9)
    busy, late = await held(store, 2)
    await store.shop.db.pool.execute(OVERDUE, [busy, late])
    async with store.shop.db.transaction(a_call("system")) as tx:
        assert await tx.peer(InventoryPeer).confirm(tx, [busy]) == {busy}
        assert await tx.value("SELECT count(*) FROM inventory.reservation WHERE order_id = $1", busy) == 2
        waiting = asyncio.create_task(expire(store))
        await tx.flush()
    assert await waiting == 1
    assert await store.stock() == {"A": (8, 0), "B": (7, 0)}


async def test_expiring_and_confirming_at_once_leaves_one_of_both(store: Store) -> None:
    await store.fill(A=99, B=99)
    orders = await held(store, 20)
    await store.shop.db.pool.execute(OVERDUE, orders)
    confirmed, *_ = await asyncio.gather(store.confirm(*orders[:10]), expire(store), expire(store))
    left = await store.stock()
    assert left["A"][0] == 99 - len(confirmed)
    while await expire(store):
        pass
    assert await store.stock() == {"A": (99 - len(confirmed), 0), "B": (99 - 2 * len(confirmed), 0)}
