"""What every keeper of the snapshot must do, whichever engine it is. An adapter added here must pass all of it."""

from random import Random

from tests.adapters.stock_snapshots.conftest import Snapshot
from tests.builders import a_delivery, a_product
from tests.shops import Shop
from tests.snapshot.histories import INVENTORY, a_history, pieces_of, rows, told
from tradewind.ports.stock_snapshots import Standing


async def test_of_what_has_no_stock_nothing_is_said(shop: Shop, snapshot: Snapshot) -> None:
    await snapshot.hear([])
    assert await snapshot.of("LAMP") == await snapshot.after("", 10) == []


async def test_a_stock_adjustment_by_event_is_in_the_snapshot(shop: Shop, snapshot: Snapshot) -> None:
    await a_product(shop, "LAMP", stock=3)
    await snapshot.hear(await told(shop))
    (before,) = await snapshot.of("LAMP", "NONE")
    await a_delivery(shop, "LAMP", 4)
    await snapshot.hear((await told(shop))[-1:])
    product = await shop.db.pool.fetchval("SELECT id FROM catalog.products WHERE sku = 'LAMP'")
    assert before == Standing("LAMP", 1, 3, 0, product)
    assert await snapshot.of("LAMP") == await snapshot.after("", 9) == [Standing("LAMP", 2, 7, 0, product)]


async def test_whatever_comes_in_whichever_sequence_is_what_inventory_has(shop: Shop, snapshot: Snapshot) -> None:
    await a_history(shop, seed=11)
    events, chance = await told(shop), Random(11)
    heard = [*events, *chance.sample(events, len(events) // 3)]
    chance.shuffle(heard)
    for piece in pieces_of(heard, chance, most=20):
        await snapshot.hear(piece)
    found = await snapshot.after("", 100)
    due = [(sku, product, version, on_hand, reserved) for sku, product, version, on_hand, reserved, _
           in await rows(shop, INVENTORY)]  # fmt: skip
    assert [(one.sku, one.product_id, one.version, one.on_hand, one.reserved) for one in found] == due
    assert await snapshot.of(*(one.sku for one in found)) == found


async def test_it_is_leafed_through_in_the_order_of_characters_and_goes_on_behind_any_sku(
    shop: Shop, snapshot: Snapshot
) -> None:
    skus = sorted([*(f"sku-{number}" for number in range(20)), "Z", "a", "A.1", "A-1", "a_1", "0"])
    for sku in skus:
        await a_product(shop, sku, stock=1)
    await snapshot.hear(await told(shop))
    assert [one.sku for one in await snapshot.after("", 100)] == skus
    walked, last = list[str](), ""
    while page := await snapshot.after(last, 7):
        walked += [one.sku for one in page]
        last = walked[-1]
    assert walked == skus
    assert [one.sku for one in await snapshot.after("a", 2)] == ["a_1", "sku-0"]
