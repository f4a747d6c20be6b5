"""A payment has failed: what is still held for its order is let go soon (S1-98); nothing else is touched (D7)."""

import asyncio
from uuid import UUID

from tests.builders import a_product, an_ended_order
from tests.shops import Shop, a_call, until
from tradewind.contexts.inventory._subscribers.on_payment_failed import GRACE_S, on_payment_failed
from tradewind.contexts.inventory.conftest import Store, wants
from tradewind.contracts.inventory import InventoryPeer
from tradewind.contracts.payments import PaymentFailed
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money

LEFT_S = """
    SELECT extract(epoch FROM max(expires_at) - now())::float8 FROM inventory.reservation WHERE order_id = $1
"""
ENDS = "SELECT expires_at FROM inventory.reservation WHERE order_id = $1 ORDER BY line"
STATES = "SELECT array_agg(DISTINCT state) FROM inventory.reservation WHERE order_id = $1"
OVER = "UPDATE inventory.reservation SET expires_at = expires_at - make_interval(secs => $2) WHERE order_id = $1"


def failed(order_id: UUID) -> PaymentFailed:
    amount = Money(995, "EUR")
    return PaymentFailed(
        order_id=order_id, payment_id=new_id(), amount=amount.amount, currency="EUR", reason="card_declined"
    )


async def hear(shop: Shop, *order_ids: UUID) -> None:
    async with shop.db.transaction(a_call("system")) as tx:
        await on_payment_failed.react([failed(one) for one in order_ids], tx)


async def test_what_is_still_held_has_a_minute_left_however_often_that_is_heard(store: Store) -> None:
    await store.fill(A=9, B=9)
    order, other, out = wants(A=1, B=1), wants(A=1), wants(A=1)
    await store.reserve(order, other, out)
    await store.confirm(out.order_id)
    before = await store.db.pool.fetch(ENDS, out.order_id)
    await hear(store.shop, order.order_id, out.order_id, new_id())
    left = await store.db.pool.fetchval(LEFT_S, order.order_id)
    assert 0 < left <= GRACE_S
    ends = await store.db.pool.fetch(ENDS, order.order_id)
    assert len({row["expires_at"] for row in ends}) == 1, "all of its lines"
    await hear(store.shop, order.order_id, order.order_id)
    assert await store.db.pool.fetch(ENDS, order.order_id) == ends, "it is not begun anew"
    assert await store.db.pool.fetch(ENDS, out.order_id) == before
    assert await store.db.pool.fetchval(LEFT_S, other.order_id) > GRACE_S, "nobody spoke of it"
    assert await store.stock() == {"A": (8, 2), "B": (9, 1)}, "no stock moves"
    assert order.order_id in await store.confirm(order.order_id), "who goes on in time has the goods"


async def test_goods_of_a_failed_payment_are_free_even_if_nobody_gives_them_back(working_shop: Shop) -> None:
    await a_product(working_shop, "FAILED")
    order = wants(FAILED=3)
    async with working_shop.db.transaction(a_call("admin")) as tx:
        await tx.peer(InventoryPeer).reserve(tx, [order])
    async with working_shop.db.transaction(a_call("system")) as tx:
        tx.tell(failed(order.order_id))
    pool = working_shop.db.pool

    async def hurried() -> bool:
        return bool(await pool.fetchval(LEFT_S, order.order_id) <= GRACE_S)

    await until(working_shop, hurried)
    await pool.execute(OVER, order.order_id, GRACE_S)

    async def free() -> bool:
        return bool(await pool.fetchval(STATES, order.order_id) == ["EXPIRED"])

    await until(working_shop, free)


async def test_the_saga_of_a_declined_order_has_given_back_before(working_shop: Shop) -> None:
    await a_product(working_shop, "FAILED")
    order_id = await an_ended_order(working_shop, "FAILED", method="simulated:decline")
    before = await working_shop.db.pool.fetch(ENDS, order_id)
    await hear(working_shop, order_id)
    assert await working_shop.db.pool.fetch(ENDS, order_id) == before
    assert await working_shop.db.pool.fetchval(STATES, order_id) == ["RELEASED"]


async def test_who_confirms_meanwhile_is_waited_for(store: Store) -> None:
    await store.fill(A=9)
    orders = [wants(A=1) for _ in range(8)]
    await store.reserve(*orders)
    ids = [one.order_id for one in orders]
    await asyncio.gather(*(store.confirm(one) for one in ids), *(hear(store.shop, *ids) for _ in range(3)))
    assert await store.states() == ["CONFIRMED"] * 8
    assert await store.stock() == {"A": (1, 0)}
