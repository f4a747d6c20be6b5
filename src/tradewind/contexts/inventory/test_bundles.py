"""Bundles: what they may be made of, that their parts are counted together, and what is told of them."""

import asyncio
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from tests.shops import a_call, until, working
from tradewind.contexts.inventory._domain.bundle import BundleHasStock, InvalidBundle, NestedBundle, NoStockOfItsOwn
from tradewind.contexts.inventory._domain.stock import NoSuchStock
from tradewind.contexts.inventory.adjust_stock.command import AdjustStock
from tradewind.contexts.inventory.conftest import Store, kinds, wants
from tradewind.contexts.inventory.query_stock.numbers import ShowStockNumbers
from tradewind.contexts.inventory.query_stock.query import QueryStock, StockView
from tradewind.contexts.inventory.set_bundle.command import SetBundle
from tradewind.contracts.inventory import Delivery, InventoryPeer, InventoryReserved, NotEnoughStock, Part, ReservedLine
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.ids import new_id

STAFF = a_call("warehouse")
TOLD = """
    SELECT (payload->>'available')::int AS available FROM runtime.outbox WHERE type LIKE '%bundle.changed%'
    ORDER BY stamp, position
"""
PRODUCT = "SELECT product_id FROM inventory.inventory_stock WHERE sku = $1"
BUNDLES = "SELECT count(*) FROM inventory.bundle_part"


async def bundle(store: Store, sku: str = "KIT", call: Any = STAFF, **parts: int) -> StockView:
    made: StockView = await store.shop.dispatch(SetBundle(sku=sku, parts=parts), call)
    return made


async def a_kit(store: Store) -> None:
    """A kit of two lamps and a rope; nine lamps and five ropes."""
    await store.fill(LAMP=9, ROPE=5, KIT=0)
    await bundle(store, LAMP=2, ROPE=1)


async def available(store: Store, *skus: str) -> dict[str, int]:
    async with store.db.transaction(a_call("system")) as tx:
        return dict(await tx.peer(InventoryPeer).available(tx, skus))


async def test_a_customer_makes_no_bundle(store: Store) -> None:
    await store.fill(LAMP=1, KIT=0)
    with pytest.raises(Forbidden):
        await bundle(store, call=a_call("customer"), LAMP=1)
    assert await store.db.pool.fetchval(BUNDLES) == 0


@pytest.mark.parametrize("parts", [{}, {"KIT": 1}, {"LAMP": 0}, {"LAMP": 1_001}, {"no sku": 1}])
async def test_what_cannot_be_put_together_is_no_bundle(store: Store, parts: dict[str, int]) -> None:
    await store.fill(LAMP=1, KIT=0)
    with pytest.raises(InvalidBundle):
        await store.shop.dispatch(SetBundle(sku="KIT", parts=parts), STAFF)
    assert (await store.db.pool.fetchval(BUNDLES), await store.told()) == (0, [])


async def test_a_bundle_has_parts_that_there_are_and_that_are_no_bundles(store: Store) -> None:
    await a_kit(store)
    await store.fill(BOX=0, TENT=3)
    with pytest.raises(NoSuchStock):
        await bundle(store, "BOX", NOBODY=1)
    with pytest.raises(NestedBundle) as refused:
        await bundle(store, "BOX", KIT=1)
    assert refused.value.facts == {"skus": ["KIT"]}
    with pytest.raises(NestedBundle):
        await bundle(store, "ROPE", TENT=1)
    with pytest.raises(BundleHasStock):
        await bundle(store, "TENT", LAMP=1)
    assert await store.db.pool.fetchval(BUNDLES) == 2


async def test_of_two_who_would_nest_bundles_at_once_one_is_refused(store: Store) -> None:
    await store.fill(A=0, B=0, C=1)
    tries = bundle(store, "A", B=1), bundle(store, "B", C=1)
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(kinds(answers)) == ["NestedBundle", "StockView"]


async def test_a_bundle_has_no_stock_but_that_of_its_parts(store: Store) -> None:
    await a_kit(store)
    with pytest.raises(NoStockOfItsOwn):
        await store.shop.dispatch(AdjustStock(sku="KIT", delta=1, reason="delivery"), STAFF)
    seen = await store.shop.dispatch(QueryStock(sku="KIT"), a_call("anonymous"))
    assert (seen.available, seen.parts, seen.warehouses) == (4, (Part("LAMP", 2), Part("ROPE", 1)), ())
    assert await available(store, "KIT", "ROPE") == {"KIT": 4, "ROPE": 5}


async def test_lines_that_share_a_part_are_counted_together(store: Store) -> None:
    await a_kit(store)
    (refusal,) = await store.reserve(wants(KIT=4, LAMP=2, ROPE=1))
    assert isinstance(refusal, NotEnoughStock)
    assert refusal.facts == {"skus": ["KIT", "LAMP"]}
    assert await store.states() == []
    (answer,) = await store.reserve(wants(KIT=4, LAMP=1, ROPE=1))
    assert isinstance(answer, InventoryReserved)
    assert answer.items == (
        ReservedLine("LAMP", 8, bundle="KIT"), ReservedLine("ROPE", 4, bundle="KIT"),
        ReservedLine("LAMP", 1), ReservedLine("ROPE", 1),
    )  # fmt: skip
    assert await store.stock() == {"KIT": (0, 0), "LAMP": (9, 9), "ROPE": (5, 5)}


async def test_two_bundles_that_share_a_part_are_counted_together(store: Store) -> None:
    await a_kit(store)
    await store.fill(BOX=0)
    await bundle(store, "BOX", ROPE=2)
    answers = await store.reserve(wants(KIT=2, BOX=2), wants(KIT=1, BOX=2), wants(BOX=1))
    assert kinds(answers) == ["NotEnoughStock", "InventoryReserved", "NotEnoughStock"]
    assert await store.stock() == {"BOX": (0, 0), "KIT": (0, 0), "LAMP": (9, 2), "ROPE": (5, 5)}


async def test_parts_are_taken_out_and_given_back_with_their_bundle(store: Store) -> None:
    await a_kit(store)
    order = wants(KIT=2)
    await store.reserve(order)
    assert await store.confirm(order.order_id) == {order.order_id}
    assert await store.stock() == {"KIT": (0, 0), "LAMP": (5, 0), "ROPE": (3, 0)}
    await store.release(order.order_id)
    assert await store.stock() == {"KIT": (0, 0), "LAMP": (9, 0), "ROPE": (5, 0)}


async def test_what_was_ordered_before_keeps_what_it_holds_though_the_bundle_is_made_otherwise(store: Store) -> None:
    await a_kit(store)
    order = wants(KIT=2)
    (held,) = await store.reserve(order)
    await bundle(store, LAMP=1)
    (again,) = await store.reserve(order)
    assert isinstance(held, InventoryReserved)
    assert isinstance(again, InventoryReserved)
    assert replace(again, levels=held.levels) == held
    await store.confirm(order.order_id)
    await store.reserve(wants(KIT=1))
    assert await store.stock() == {"KIT": (0, 0), "LAMP": (5, 1), "ROPE": (3, 0)}


async def test_parts_of_one_bundle_may_lie_in_several_warehouses(store: Store) -> None:
    await a_kit(store)
    await store.open("NORTH", priority=1)
    await store.put("NORTH", LAMP=1, ROPE=1)
    (answer,) = await store.reserve(wants(KIT=1))
    assert isinstance(answer, InventoryReserved)
    assert [(line.sku, line.qty, line.warehouse) for line in answer.items] == [
        ("LAMP", 1, "NORTH"), ("LAMP", 1, "MAIN"), ("ROPE", 1, "NORTH"),
    ]  # fmt: skip


async def test_a_bundle_that_comes_back_is_put_on_the_shelf_as_its_parts_once(store: Store) -> None:
    await a_kit(store)
    for _ in range(2):
        async with store.db.transaction(a_call("system")) as tx:
            came = [Delivery("KIT", new_id(), 2, "return:1:KIT"), Delivery("ROPE", new_id(), 1, "return:1:ROPE")]
            await tx.peer(InventoryPeer).receive(tx, came, reason="returned")
    assert await store.stock() == {"KIT": (0, 0), "LAMP": (13, 0), "ROPE": (8, 0)}


async def test_many_who_want_bundles_and_parts_at_once_get_exactly_what_there_is(store: Store) -> None:
    await store.fill(LAMP=40, ROPE=40, KIT=0)
    await bundle(store, LAMP=2, ROPE=1)
    orders = [wants(KIT=1) if n % 2 else wants(ROPE=1, LAMP=1) for n in range(80)]
    answers = await asyncio.gather(*(store.reserve(order) for order in orders))
    held = sum(isinstance(answer, InventoryReserved) for (answer,) in answers)
    left = await store.stock()
    assert left["LAMP"] == (40, 40)
    assert left["ROPE"][1] == held


async def test_whoever_shows_bundles_hears_how_many_can_be_put_together(store: Store) -> None:
    await a_kit(store)

    async def told(number: int) -> None:
        async def look() -> bool:
            last: int = [row["available"] for row in await store.db.pool.fetch(TOLD)][-1]
            return last == number

        await until(store.shop, look)

    async def reserve(**quantities: int) -> None:
        async with store.db.transaction(a_call("system")) as tx:
            tx.tell(*await tx.peer(InventoryPeer).reserve(tx, [wants(**quantities)]))  # type: ignore[arg-type]

    async with working(store.shop):
        await told(4)
        await reserve(ROPE=3)
        await told(2)
        await reserve(KIT=2)
        await told(0)
        await store.shop.dispatch(AdjustStock(sku="ROPE", delta=9, reason="delivery"), STAFF)
        await told(2)
    last = await store.db.pool.fetchval("SELECT payload FROM runtime.outbox WHERE type LIKE '%bundle.changed%' LIMIT 1")
    assert msgspec.json.decode(last)["parts"] == [{"sku": "LAMP", "qty": 2}, {"sku": "ROPE", "qty": 1}]


async def test_the_numbers_of_a_bundle_say_how_many_can_be_put_together(store: Store) -> None:
    await a_kit(store)
    kit = await store.db.pool.fetchval(PRODUCT, "KIT")
    body: Any = await store.shop.dispatch(ShowStockNumbers(product_id=kit), a_call("anonymous"))
    found = msgspec.json.decode(body.content)
    assert (found["sku"], found["onHand"], found["reserved"], found["available"]) == ("KIT", 4, 0, 4)
