"""Confirm and cancel: once, whatever comes twice or at once."""

import asyncio
from uuid import UUID

from tests.shops import a_call
from tradewind.contexts.inventory.conftest import Store, wants
from tradewind.contracts.inventory import InventoryPeer
from tradewind.kernel.errors import Stale
from tradewind.kernel.ids import new_id


async def a_held_order(store: Store) -> UUID:
    order = wants(A=2, B=1)
    await store.reserve(order)
    return order.order_id


async def test_what_was_never_held_is_not_confirmed(store: Store) -> None:
    await store.fill(A=9, B=9)
    assert await store.confirm(new_id()) == frozenset()
    await store.release(new_id())
    assert await store.told() == []


async def test_what_was_given_back_is_not_confirmed(store: Store) -> None:
    await store.fill(A=9, B=9)
    back, kept = await a_held_order(store), await a_held_order(store)
    await store.release(back)
    assert await store.confirm(back, kept) == {kept}
    assert await store.stock() == {"A": (7, 0), "B": (8, 0)}


async def test_confirming_twice_takes_out_once(store: Store) -> None:
    await store.fill(A=9, B=9)
    order = await a_held_order(store)
    assert await store.confirm(order) == {order}
    assert await store.confirm(order) == {order}
    assert await store.stock() == {"A": (7, 0), "B": (8, 0)}
    assert await store.told() == [("reservation.confirmed", str(order))]


async def test_releasing_twice_gives_back_once(store: Store) -> None:
    await store.fill(A=9, B=9)
    order = await a_held_order(store)
    await store.release(order)
    await store.release(order)
    assert await store.stock() == {"A": (9, 0), "B": (9, 0)}
    assert await store.told() == [("reservation.released", str(order))]


async def test_goods_that_were_taken_out_are_put_back(store: Store) -> None:
    await store.fill(A=9, B=9)
    order = await a_held_order(store)
    await store.confirm(order)
    await store.release(order)
    assert await store.stock() == {"A": (9, 0), "B": (9, 0)}
    assert set(await store.states()) == {"RELEASED"}


async def test_confirming_and_releasing_at_once_leaves_one_of_both(store: Store) -> None:
    await store.fill(A=99, B=99)
    orders = [await a_held_order(store) for _ in range(12)]
    moves = [move for n in orders for move in (store.confirm(n), store.release(n), store.release(n))]
    assert not [answer for answer in await asyncio.gather(*moves, return_exceptions=True) if isinstance(answer, Stale)]
    assert await store.stock() == {"A": (99, 0), "B": (99, 0)}
    assert set(await store.states()) == {"RELEASED"}


async def test_batches_that_overlap_do_not_lock_each_other_out(store: Store) -> None:
    await store.fill(A=99, B=99)
    orders = [await a_held_order(store) for _ in range(12)]
    answers = await asyncio.gather(
        store.confirm(*orders), store.confirm(*reversed(orders)), store.reserve(wants(B=1, A=1), wants(A=1, B=1))
    )
    assert answers[0] == answers[1] == set(orders)
    assert await store.stock() == {"A": (75, 2), "B": (87, 2)}


async def test_releases_for_several_reasons_share_a_transaction(store: Store) -> None:
    await store.fill(A=99, B=99)
    one, two = await a_held_order(store), await a_held_order(store)
    async with store.shop.db.transaction(a_call("system")) as tx:
        for order, reason in ((one, "declined"), (two, "expired")):
            await tx.peer(InventoryPeer).release(tx, [order], reason)
    assert await store.stock() == {"A": (99, 0), "B": (99, 0)}
    reasons = await store.shop.db.pool.fetch(
        "SELECT payload->>'reason' AS reason FROM runtime.outbox ORDER BY position"
    )
    assert [row["reason"] for row in reasons] == ["declined", "expired"]
