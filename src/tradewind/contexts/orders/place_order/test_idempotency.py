"""R8: 500 ask at once with one Idempotency-Key; there is one order, and every answer is the same to the byte."""

import asyncio
from typing import Any, Final

import msgspec
import pytest
from msgspec.structs import replace

from tests.builders import a_delivery, a_product
from tests.shops import Shop, a_call, open_shop
from tradewind.contexts.orders.place_order.command import OrderLine, PlaceOrder
from tradewind.contracts.inventory import NotEnoughStock
from tradewind.runtime import failpoints
from tradewind.runtime.call import Call
from tradewind.runtime.idempotency import KeyReused

MANY = 500
STOCK = 1_000
COUNT: Final = "SELECT count(*) FROM orders.orders"
RESERVED: Final = "SELECT reserved FROM inventory.inventory_stock WHERE sku = 'BOOK'"
EXPIRE: Final = "UPDATE runtime.idempotency SET expires_at = now()"


def an_order(qty: int = 1) -> PlaceOrder:
    return PlaceOrder(items=(OrderLine(sku="BOOK", qty=qty),), payment_method="simulated:approve")


async def storm(call: Call, *shops: Shop) -> set[bytes]:
    """MANY requests at once, in turn to each shop; the different answers, as they go over the wire."""
    asked = (shops[n % len(shops)].dispatch(an_order(), call) for n in range(MANY))
    return {msgspec.json.encode(answer) for answer in await asyncio.gather(*asked)}


async def figures(shop: Shop) -> tuple[int, int]:
    """Orders there are, and pieces held for them."""
    return await shop.db.pool.fetchval(COUNT), await shop.db.pool.fetchval(RESERVED)


async def test_500_at_once_with_one_key_are_one_order_and_one_answer(shop: Shop) -> None:
    await a_product(shop, "BOOK", stock=STOCK)
    answers = await storm(a_call(key="k"), shop)
    print(f"{MANY} requests, {len(answers)} answer, {(await figures(shop))[0]} order")  # noqa: T201 -- the figures
    assert len(answers) == 1
    assert await figures(shop) == (1, 1)


async def test_500_at_once_in_two_processes_are_one_order_and_one_answer(shop: Shop) -> None:
    await a_product(shop, "BOOK", stock=STOCK)
    async with open_shop(shop.settings, shop.engines, connections=4) as other:
        answers = await storm(a_call(key="k"), shop, other)
        assert len(answers) == 1
        assert await figures(shop) == (1, 1)
        assert await storm(a_call(key="k", subject="somebody else"), shop, other) != answers
    assert await figures(shop) == (2, 2)


async def test_without_the_lock_on_the_key_500_at_once_are_500_orders(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failpoints, "_TEST_BUILD", True)
    monkeypatch.setattr(failpoints, "_PLANTED", frozenset({"key_without_lock"}))
    await a_product(shop, "BOOK", stock=STOCK)
    answers = await storm(a_call(key="k"), shop)
    assert len(answers) == MANY
    assert await figures(shop) == (MANY, MANY)


async def test_another_order_under_a_used_key_is_refused(shop: Shop) -> None:
    await a_product(shop, "BOOK", stock=STOCK)
    call = a_call(key="k")
    await shop.dispatch(an_order(), call)
    with pytest.raises(KeyReused):
        await shop.dispatch(an_order(qty=2), call)
    assert await figures(shop) == (1, 1)


async def test_the_same_key_of_another_user_is_another_order(shop: Shop) -> None:
    await a_product(shop, "BOOK", stock=STOCK)
    answers = [await shop.dispatch(an_order(), a_call(key="k", subject=who)) for who in ("one", "other")]
    assert answers[0].id != answers[1].id
    assert await figures(shop) == (2, 2)


async def test_an_order_that_was_refused_may_be_placed_under_the_same_key_later(shop: Shop) -> None:
    await a_product(shop, "BOOK", stock=1)
    call = a_call(key="k")
    with pytest.raises(NotEnoughStock):
        await shop.dispatch(an_order(qty=2), call)
    await a_delivery(shop, "BOOK", 5)
    assert (await shop.dispatch(an_order(qty=2), call)).status == "RESERVED"
    assert await figures(shop) == (1, 2)


async def test_a_replay_after_a_restart_is_the_same_to_the_byte_until_the_key_expires(shop: Shop) -> None:
    await a_product(shop, "BOOK", stock=STOCK)
    call = a_call(key="k")
    first: Any = await shop.dispatch(an_order(), call)
    async with open_shop(shop.settings, shop.engines, connections=4) as restarted:
        again = await restarted.dispatch(an_order(), replace(call, trace_id="0" * 31 + "1"))
        assert msgspec.json.encode(again) == msgspec.json.encode(first)
    await shop.db.pool.execute(EXPIRE)
    async with open_shop(shop.settings, shop.engines, connections=4) as next_day:
        assert (await next_day.dispatch(an_order(), call)).id != first.id
    assert await figures(shop) == (2, 2)


async def test_a_replay_in_another_process_is_the_same_though_the_goods_are_gone_by_now(shop: Shop) -> None:
    await a_product(shop, "BOOK", stock=1)
    first = await shop.dispatch(an_order(), a_call(key="k", subject="who"))
    async with open_shop(shop.settings, shop.engines, connections=4) as other:
        again = await other.dispatch(an_order(), a_call(key="k", subject="who"))
        with pytest.raises(KeyReused):
            await other.dispatch(an_order(qty=2), a_call(key="k", subject="who"))
        with pytest.raises(NotEnoughStock):
            await other.dispatch(an_order(), a_call(key="another", subject="who"))
    assert msgspec.json.encode(again) == msgspec.json.encode(first)
    assert await figures(shop) == (1, 1)
