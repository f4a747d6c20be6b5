"""What payments keeps of orders is what orders says they are of, in whichever order and however often that is told."""

from decimal import Decimal
from itertools import permutations
from typing import Final
from uuid import UUID

import pytest

from tests.edits import a_paid_order, edit, over
from tests.shops import Shop, until, working
from tradewind.contexts.payments._projections.sold import sold
from tradewind.contexts.payments._store.sold import Heard, made_true
from tradewind.contracts.orders import BoughtLine, OrderEdited, OrderedItem, OrderPlaced, Sold, SoldPeer
from tradewind.kernel.clock import now
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.runtime.call import internal_call

ROWS: Final = "SELECT version, edits, items_minor, tax_minor, discount_minor, lines FROM payments.sold"
HEARD: Final = "SELECT $2 = ANY(edits) FROM payments.sold WHERE order_id = $1"
AS_ORDERS_SAY: Final = """
    SELECT s.version = (SELECT max(h.version) FROM orders.order_status_history AS h
                        WHERE h.order_id = $1 AND h.event LIKE '%edited%')
    FROM payments.sold AS s WHERE s.order_id = $1
"""
EDITED: Final = "SELECT cardinality(edits) = 1 FROM payments.sold WHERE order_id = $1"
NEVER_KEPT: Final = ("DELETE FROM payments.sold", "DELETE FROM runtime.position WHERE subscriber = 'payments.sold'")
NOTHING: Final = Decimal(0)


def item(sku: str, qty: int, price: str, *, fee: bool = False) -> OrderedItem:
    return OrderedItem(None if fee else new_id(), sku, qty, Decimal(price))


def placed(order_id: UUID, *items: OrderedItem) -> OrderPlaced:
    return OrderPlaced(
        order_id=order_id,
        user_id="ada",
        total_amount=NOTHING,
        currency="EUR",
        items=items,
        shipping_amount=Decimal("4.90"),
        tax_amount=Decimal("1.20"),
        discount_amount=Decimal("0.30"),
        placed_at=now(),
    )


def edited(order_id: UUID, *items: OrderedItem, version: int | None = None) -> OrderEdited:
    return OrderEdited(
        order_id=order_id,
        edit_id=new_id(),
        user_id="ada",
        previous_amount=NOTHING,
        total_amount=NOTHING,
        currency="EUR",
        items=items,
        shipping_amount=NOTHING,
        tax_amount=NOTHING,
        discount_amount=NOTHING,
        address_changed=False,
        version=version,
    )


async def hear(shop: Shop, *said: OrderPlaced | OrderEdited) -> None:
    async with shop.db.transaction(internal_call("test")) as tx:
        await sold.react(said, tx)


async def known(shop: Shop, order_id: UUID) -> Sold | None:
    async with shop.db.reading(internal_call("test")) as tx:
        return await Heard().sold(tx, order_id)


def of(*lines: tuple[str, int, int], items: int, tax: int = 0, discount: int = 0) -> Sold:
    return Sold(
        lines=tuple(
            BoughtLine(sku=sku, product_id=None, quantity=pieces, unit_price=Money(minor, "EUR"))
            for sku, pieces, minor in lines
        ),
        items=Money(items, "EUR"),
        tax=Money(tax, "EUR"),
        discount=Money(discount, "EUR"),
    )


async def test_goods_are_kept_with_what_they_cost_and_fees_count_for_the_whole(shop: Shop) -> None:
    order_id = new_id()
    assert await known(shop, order_id) is None
    await hear(shop, placed(order_id, item("A", 2, "1.50"), item("WRAP", 1, "0.99", fee=True), item("A", 1, "1")))
    assert await known(shop, order_id) == of(("A", 2, 150), ("A", 1, 100), items=499, tax=120, discount=30)


def one_after_the_other(order_id: UUID, *versions: int | None) -> list[OrderPlaced | OrderEdited]:
    """An order of three books, then of one, then of a pen."""
    books, fewer, pens = (item(sku, qty, "2") for sku, qty in (("BOOK", 3), ("BOOK", 1), ("PEN", 1)))
    first, then = (edited(order_id, one, version=version) for one, version in zip((fewer, pens), versions, strict=True))
    return [placed(order_id, books), first, then]


@pytest.mark.parametrize("versions", [(3, 5), (None, 4)], ids=["both say it", "one is of an old log"])
async def test_however_late_or_often_it_is_told_it_is_of_what_was_told_last(
    shop: Shop, versions: tuple[int | None, ...]
) -> None:
    for together in (True, False):
        for turn in permutations(range(3)):
            order_id = new_id()
            said = one_after_the_other(order_id, *versions)
            turned = [*(said[one] for one in turn), said[turn[0]]]
            for batch in [turned] if together else [[one] for one in turned]:
                await hear(shop, *batch)
            assert await known(shop, order_id) == of(("PEN", 1, 200), items=200), turn
    found = await shop.db.pool.fetch(ROWS)
    assert [(row["version"], len(row["edits"])) for row in found] == [(versions[1], 2)] * 12


async def test_edits_of_old_logs_count_as_they_are_heard_and_once(shop: Shop) -> None:
    for together in (True, False):
        order_id = new_id()
        said = one_after_the_other(order_id, None, None)
        for batch in [said] if together else [[one] for one in said]:
            await hear(shop, *batch)
        await hear(shop, said[1])
        assert await known(shop, order_id) == of(("PEN", 1, 200), items=200)


async def test_an_edit_that_is_true_is_waited_for_whichever_is_known_first(shop: Shop) -> None:
    for heard_first in (True, False):
        order_id = new_id()
        first, then, _ = one_after_the_other(order_id, 3, 4)
        assert isinstance(then, OrderEdited)
        await hear(shop, *([first, then] if heard_first else [first]))
        async with shop.db.transaction(internal_call("test")) as tx:
            for _ in range(2):
                await made_true(tx, order_id, then.edit_id)
        if not heard_first:
            assert await known(shop, order_id) is None
            await hear(shop, then)
        assert await known(shop, order_id) == of(("BOOK", 1, 200), items=200)


async def test_what_is_undone_was_not_heard(shop: Shop) -> None:
    order_id = new_id()

    async def break_off() -> None:
        async with shop.db.transaction(internal_call("test")) as tx:
            await sold.react([placed(order_id, item("A", 1, "1"))], tx)
            raise RuntimeError("broken off")

    with pytest.raises(RuntimeError):
        await break_off()
    assert await known(shop, order_id) is None


async def test_a_shop_in_one_process_keeps_it_too_and_it_agrees_with_orders(working_shop: Shop) -> None:
    order_id = await a_paid_order(working_shop)
    await edit(working_shop, order_id, BOOK=1, PEN=3)
    changed = await over(working_shop, order_id)
    assert changed.edit is not None
    edit_id = changed.edit.id
    await until(working_shop, lambda: working_shop.db.pool.fetchval(HEARD, order_id, edit_id))
    async with working_shop.db.reading(internal_call("test")) as tx:
        ours = await tx.peer(SoldPeer).sold(tx, order_id)
    assert ours is not None
    assert await known(working_shop, order_id) == of(
        *((one.sku, one.quantity, one.unit_price.minor) for one in ours.lines),
        items=ours.items.minor,
        tax=ours.tax.minor,
        discount=ours.discount.minor,
    )
    assert len(ours.lines) == 2
    assert await working_shop.db.pool.fetchval(AS_ORDERS_SAY, order_id)


async def test_orders_from_before_it_was_kept_are_heard_of_as_the_log_has_them(shop: Shop) -> None:
    async with working(shop):
        order_id = await a_paid_order(shop)
        await edit(shop, order_id, BOOK=1, PEN=3)
        await over(shop, order_id)
    before = await known(shop, order_id)
    for forget in NEVER_KEPT:
        await shop.db.pool.execute(forget)
    assert await known(shop, order_id) is None
    async with working(shop):
        await until(shop, lambda: known(shop, order_id))
        await until(shop, lambda: shop.db.pool.fetchval(EDITED, order_id))
    after = await known(shop, order_id)
    assert after is not None
    assert (before is None or after == before, len(after.lines)) == (True, 2)
